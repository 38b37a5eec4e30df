import { runCommand } from "./run-command.ts";

/** Creates named pipes readable by this user only. Throws when mkfifo cannot. */
export async function makePipes(paths: readonly string[], signal: AbortSignal): Promise<void> {
  if (paths.length === 0) return;
  const { exitCode, stderrTail } = await runCommand({ command: "mkfifo", args: ["-m", "600", "--", ...paths], signal });
  if (exitCode !== 0) throw new Error(`mkfifo failed: ${stderrTail.trim()}`);
}
