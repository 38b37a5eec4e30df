import { runCommand } from "../../../process/run-command.ts";

/** The programs that do the services' work. */
export interface EncodingTools {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  readonly packager: string;
}

/** A program failed; the message holds its last words. */
export class ToolFailed extends Error {}

export interface ToolRun {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly onLine?: (line: string) => void;
}

/** Runs it to its end; resolves to its stdout unless lines are taken from it. Throws ToolFailed. */
export async function runTool({ program, args, cwd, signal, onLine }: ToolRun): Promise<string> {
  const options = { command: program, args, cwd, signal, ...(onLine ? { onStdoutLine: onLine } : {}) };
  const { ended, exitCode, stdout, stderrTail } = await runCommand(options);
  signal.throwIfAborted();
  if (ended !== "exit" || exitCode !== 0) throw new ToolFailed(`${program} (${ended}, exit code ${exitCode}): ${stderrTail.trim()}`);
  return stdout;
}
