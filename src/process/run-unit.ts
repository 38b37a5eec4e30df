import type { CommandResult, RunOptions } from "./run-command.ts";
import { runCommand } from "./run-command.ts";

/** A program of a unit; its signal is the unit's. */
export type Member = Omit<RunOptions, "signal">;

/** Whether a program ended by itself with exit code 0. */
export const succeeded = ({ ended, exitCode, signal }: CommandResult): boolean => ended === "exit" && exitCode === 0 && signal === null;

/** Whether a program ended otherwise without anybody having ended it: what the others of its unit died of. */
export const failedByItself = (result: CommandResult): boolean => result.ended === "exit" && !succeeded(result);

/** Programs that live and die together, each started when its time comes. */
export interface Unit {
  /** Aborts when the caller's does, and when a member has failed. */
  readonly signal: AbortSignal;
  /** Runs a member until it is reaped; its failure ends all the others. Throws when it cannot be started. */
  run(member: Member): Promise<CommandResult>;
  /** Ends every member that runs. */
  end(): void;
}

/** A unit without members yet. */
export function openUnit(signal: AbortSignal): Unit {
  const own = new AbortController();
  const both = AbortSignal.any([signal, own.signal]);
  const run = async (member: Member): Promise<CommandResult> => {
    try {
      const result = await runCommand({ ...member, signal: both });
      if (!succeeded(result)) own.abort();
      return result;
    } catch (error) {
      own.abort();
      throw error;
    }
  };
  return { signal: both, run, end: () => own.abort() };
}

/**
 * Runs programs that live and die together and waits until all of them are reaped: the first to fail ends the others.
 * Results come in the order of the members. Throws when one cannot be started.
 */
export async function runUnit(members: readonly Member[], signal: AbortSignal): Promise<readonly CommandResult[]> {
  const unit = openUnit(signal);
  const settled = await Promise.allSettled(members.map(unit.run));
  const failure = settled.find((result) => result.status === "rejected");
  if (failure) throw failure.reason;
  return settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}
