import { realpath } from "node:fs/promises";
import type { Config } from "./config/config.ts";
import { ConfigError } from "./config/config-error.ts";
import type { Tools } from "./pipeline/deps.ts";
import { runCommand } from "./process/run-command.ts";
import { chooseSandbox, detectSandbox, neverStarted, sandboxed } from "./process/sandbox.ts";

/** The configured programs, and the fences that this machine lets us put around them. */
export interface OpenedTools extends Tools {
  /** Fences that are missing here; `sandbox: auto` goes on without them. */
  readonly sandboxMissing: readonly string[];
  /** Whether every fence stands. */
  readonly isFenced: boolean;
}

/** Tries the sandbox before the first job does. Throws ConfigError for `sandbox: required` where it cannot be built (R-X3). */
export async function openTools(config: Pick<Config, "ffmpeg" | "packager" | "sandbox">, signal: AbortSignal): Promise<OpenedTools> {
  const { abilities, missing } = chooseSandbox(config.sandbox, await detectSandbox(signal));
  if (config.sandbox === "required" && missing.length > 0) {
    throw new ConfigError([`sandbox: "required" (LADDERD_SANDBOX), but this machine lacks ${missing.join(", ")}`]);
  }
  // A link in /usr/local/bin to what lies elsewhere: the fence shows the file itself.
  const shown = async (path: string): Promise<string> => (abilities.ownFiles ? realpath(path).catch(() => path) : path);
  return {
    ffmpegPath: await shown(config.ffmpeg.path),
    ffprobePath: await shown(config.ffmpeg.probePath),
    packagerPath: await shown(config.packager.path),
    threads: config.ffmpeg.threads,
    sandbox: abilities,
    sandboxMissing: missing,
    isFenced: config.sandbox !== "off" && missing.length === 0,
  };
}

const DEADLINE_MS = 15_000;

/**
 * Starts each program once in a view of its own files, which lacks the libraries of an unusual installation: `auto` then goes
 * on without that fence. Throws ConfigError for `sandbox: required`.
 */
export async function tryPrograms(tools: OpenedTools, mode: Config["sandbox"], signal: AbortSignal): Promise<OpenedTools> {
  const { ffmpegPath, ffprobePath, packagerPath, sandbox } = tools;
  if (!sandbox.ownFiles) return tools;
  const problems: string[] = [];
  for (const [command, question] of [
    [ffmpegPath, "-version"],
    [ffprobePath, "-version"],
    [packagerPath, "--version"],
  ] as const) {
    const fenced = sandboxed({ command, args: [question] }, { reads: [] }, sandbox);
    const result = await runCommand({ ...fenced, signal, deadlineMs: DEADLINE_MS });
    if (neverStarted(result)) problems.push(`${command} does not start in a view of its own files (${result.stderrTail.trim()})`);
  }
  if (problems.length === 0) return tools;
  if (mode === "required") throw new ConfigError(problems.map((problem) => `sandbox: "required" (LADDERD_SANDBOX), but ${problem}`));
  return { ...tools, sandbox: { ...sandbox, ownFiles: false }, sandboxMissing: problems, isFenced: false };
}
