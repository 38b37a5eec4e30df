import { constants } from "node:os";
import type { JobError } from "../../domain/errors.ts";
import { EngineError, ResourceError, ShutdownError, SourceError } from "../../domain/errors.ts";
import type { CommandResult } from "../../process/run-command.ts";
import { ranOutOfMemory } from "./exit-class.ts";
import { neverStarted } from "../../process/sandbox.ts";

/** ffmpeg's exit code when -max_error_rate is exceeded. */
const TOO_MANY_DECODE_ERRORS = 69;

/** Which failure the pair of programs died of; the one that was not killed by us speaks first. */
export function diagnose(run: { encoder: CommandResult; packager: CommandResult; decodeErrors: number }): JobError {
  const { encoder, packager, decodeErrors } = run;
  const facts = { encoder: summary(encoder), packager: summary(packager), decodeErrors };
  const tails = `${encoder.stderrTail}\n${packager.stderrTail}`;
  if (/No space left on device|NO_SPACE|ENOSPC/i.test(tails))
    return new ResourceError("disk_full", "the work directory is full", { facts });
  const limit = limitPassed([encoder, packager]);
  if (limit !== undefined) return new ResourceError("resource_limit", limit, { facts });
  if ([encoder, packager].some(wasStopped)) return new ShutdownError("ffmpeg or the packager was told to stop, not by this job", { facts });
  if ([encoder, packager].some(neverStarted))
    return new EngineError("engine_unavailable", "ffmpeg or the packager cannot be started", { facts });
  if (encoder.exitCode === TOO_MANY_DECODE_ERRORS)
    return new SourceError("source_corrupt", "too many frames of the source cannot be decoded", { facts });
  if (/Cannot determine format of input stream/.test(encoder.stderrTail))
    return new SourceError("source_corrupt", "not one frame of the source can be decoded", { facts });
  const [name, culprit] = encoder.ended === "exit" && encoder.exitCode !== 0 ? ["ffmpeg", encoder] : ["the packager", packager];
  return new EngineError("engine_failed", `${name} ${wayOfFailing(culprit)}`, { facts });
}

/** A signal as it came, or as a fence tells it: 128 and its number. */
function wayOfFailing({ signal, exitCode }: CommandResult): string {
  const number = signal === null ? (exitCode ?? 0) - 128 : constants.signals[signal];
  if (number === constants.signals.SIGKILL) return "was killed from outside: by the kernel, when the machine ran out of memory";
  const name = CRASHES.find((crash) => constants.signals[crash] === number);
  return name === undefined ? "failed" : `crashed (${name})`;
}

const CRASHES = ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE"] as const;

/** Whoever stops a worker's whole process tree says nothing against the source (E7). ffmpeg ends with 255 then, bwrap with 128 + n. */
const wasStopped = ({ ended, signal, exitCode, stderrTail }: CommandResult): boolean =>
  ended === "exit" &&
  (signal === "SIGINT" ||
    signal === "SIGTERM" ||
    exitCode === 130 ||
    exitCode === 143 ||
    (exitCode === 255 && /received signal \d/.test(stderrTail)));

function limitPassed(ends: readonly CommandResult[]): string | undefined {
  if (ends.some(({ ended }) => ended === "deadline")) return "the encode passed its deadline";
  if (ends.some(({ ended, signal, exitCode }) => ended === "exit" && overLimit(signal, exitCode)))
    return "a program passed its processor or file-size limit";
  return ends.some(ranOutOfMemory) ? "a program passed its memory limit" : undefined;
}

const overLimit = (signal: NodeJS.Signals | null, exitCode: number | null): boolean =>
  signal === "SIGXCPU" || signal === "SIGXFSZ" || exitCode === 152 || exitCode === 153;

const summary = ({ exitCode, signal, ended, stderrTail }: CommandResult) => ({ exitCode, signal, ended, stderr: stderrTail.slice(-2000) });
