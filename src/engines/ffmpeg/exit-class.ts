import type { CommandResult } from "../../process/run-command.ts";

/** How an ffmpeg process ended; a metric label. */
export const FFMPEG_EXITS = ["ok", "error", "signal", "deadline", "stall", "cpu", "mem", "fsize"] as const;
export type FfmpegExit = (typeof FFMPEG_EXITS)[number];

/** Signals by name, and the exit codes a shell-like wrapper reports them as (128 + number). */
const CLASS_OF_SIGNAL: Readonly<Record<string, FfmpegExit>> = { SIGXCPU: "cpu", SIGXFSZ: "fsize", SIGKILL: "mem" };
const CLASS_OF_CODE: Readonly<Record<number, FfmpegExit>> = { 152: "cpu", 153: "fsize" };

/** One class for every way to end. A KILL that is not ours is the kernel's for memory. */
export function exitClass(result: CommandResult, isStalled: boolean): FfmpegExit {
  const { ended, exitCode, signal } = result;
  if (isStalled) return "stall";
  if (ended === "deadline") return "deadline";
  if (ended !== "exit") return "signal";
  if (ranOutOfMemory(result)) return "mem";
  if (signal !== null) return CLASS_OF_SIGNAL[signal] ?? "signal";
  return exitCode === 0 ? "ok" : (CLASS_OF_CODE[exitCode ?? 1] ?? "error");
}

/** Whether a program failed for want of memory, in the words of the C library, of C++ and of x264. */
export const ranOutOfMemory = ({ ended, exitCode, stderrTail }: CommandResult): boolean =>
  ended === "exit" && exitCode !== 0 && /Cannot allocate memory|std::bad_alloc|malloc of size \d+ failed/.test(stderrTail);
