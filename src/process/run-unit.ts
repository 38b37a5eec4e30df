import type { CommandResult, RunOptions } from "./run-command.ts";
import { runCommand } from "./run-command.ts";

/** Whether a program ended by itself with exit code 0. */
export const succeeded = ({ ended, exitCode, signal }: CommandResult): boolean => ended === "exit" && exitCode === 0 && signal === null;

/**
 * Runs programs that live and die together and waits until all of them are reaped: the first to fail ends the others.
 * Results come in the order of the members. Throws when one cannot be started.
 */
export async function runUnit(members: readonly Omit<RunOptions, "signal">[], signal: AbortSignal): Promise<readonly CommandResult[]> {
  const unit = new AbortController();
  const both = AbortSignal.any([signal, unit.signal]);
  const run = async (member: Omit<RunOptions, "signal">): Promise<CommandResult> => {
    try {
      const result = await runCommand({ ...member, signal: both });
      if (!succeeded(result)) unit.abort();
      return result;
    } catch (error) {
      unit.abort();
      throw error;
    }
  };
  const settled = await Promise.allSettled(members.map(run));
  const failure = settled.find((result) => result.status === "rejected");
  if (failure) throw failure.reason;
  return settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}
