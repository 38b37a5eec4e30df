import { EngineError, SourceError } from "../domain/errors.ts";
import type { CommandResult } from "../process/run-command.ts";
import { runCommand } from "../process/run-command.ts";
import type { SandboxAbilities } from "../process/sandbox.ts";
import { neverStarted, sandboxed } from "../process/sandbox.ts";
import type { InputLimits } from "./input-guards.ts";
import { inputGuards, programGuards } from "./input-guards.ts";

export interface FfprobeTools {
  readonly ffprobePath: string;
  readonly limits: InputLimits;
  readonly sandbox: SandboxAbilities;
}

interface FfprobeRun {
  readonly args: readonly string[];
  readonly deadlineMs: number;
  readonly onStdoutLine?: (line: string) => void;
}

/** Runs ffprobe on one local file and resolves when it ended by itself, with whatever exit code. */
export type Ffprobe = (run: FfprobeRun) => Promise<CommandResult>;

const CPU_SECONDS = 300;
/**
 * An ffprobe for `path`, inside every fence. It throws EngineError engine_unavailable when the program cannot be started,
 * engine_failed when it dies (what it read until then must not be taken for all there is), SourceError source_limits when
 * the source keeps it too long, or the signal's reason.
 */
export function ffprobeOn(path: string, tools: FfprobeTools, signal: AbortSignal): Ffprobe {
  return async ({ args, ...options }) => {
    const command = { command: tools.ffprobePath, args: [...programGuards(), "-v", "error", ...inputGuards(tools.limits), ...args, path] };
    const run = { ...sandboxed(command, { cpuSeconds: CPU_SECONDS, reads: [path] }, tools.sandbox), ...options, signal };
    const result = await runCommand(run).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new EngineError("engine_unavailable", `${tools.ffprobePath} cannot be started`, { cause });
    });
    signal.throwIfAborted();
    refuseDeath(result, tools.ffprobePath);
    return result;
  };
}

function refuseDeath(result: CommandResult, program: string): void {
  const { ended, signal, exitCode, stderrTail } = result;
  const facts = { ended, signal, exitCode, ffprobe: stderrTail.slice(-500) };
  if (ended === "overflow") throw new SourceError("source_limits", "ffprobe has more to say of the source than anyone reads", { facts });
  if (ended !== "exit" || signal === "SIGXCPU") throw new SourceError("source_limits", "reading the source took too long", { facts });
  if (signal !== null) throw new EngineError("engine_failed", `ffprobe died of ${signal}`, { facts });
  if (neverStarted(result)) throw new EngineError("engine_unavailable", `${program} cannot be started`, { facts });
}
