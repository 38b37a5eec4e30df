import type { CommandResult } from "../../process/run-command.ts";

/** How an ffmpeg process ended; a metric label. */
export const FFMPEG_EXITS = ["ok", "error", "signal", "deadline", "stall", "cpu", "mem", "fsize"] as const;
export type FfmpegExit = (typeof FFMPEG_EXITS)[number];

/** Signals by name, and the exit codes a shell-like wrapper reports them as (128 + number). */
const CLASS_OF_SIGNAL: Readonly<Record<string, FfmpegExit>> = { SIGXCPU: "cpu", SIGXFSZ: "fsize" };
const CLASS_OF_CODE: Readonly<Record<number, FfmpegExit>> = { 152: "cpu", 153: "fsize" };

/** One class for every way to end. A KILL that is not ours is the kernel's for memory. */
export function exitClass({ ended, exitCode, signal }: CommandResult, isStalled: boolean): FfmpegExit {
  if (isStalled) return "stall";
  if (ended === "deadline") return "deadline";
  if (ended !== "exit") return "signal";
  if (signal !== null) return CLASS_OF_SIGNAL[signal] ?? (signal === "SIGKILL" ? "mem" : "signal");
  return exitCode === 0 ? "ok" : (CLASS_OF_CODE[exitCode ?? 1] ?? "error");
}
