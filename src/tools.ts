import type { Config } from "./config/config.ts";
import { ConfigError } from "./config/config-error.ts";
import type { Tools } from "./pipeline/deps.ts";
import { chooseSandbox, detectSandbox } from "./process/sandbox.ts";

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
  return {
    ffmpegPath: config.ffmpeg.path,
    ffprobePath: config.ffmpeg.probePath,
    packagerPath: config.packager.path,
    threads: config.ffmpeg.threads,
    sandbox: abilities,
    sandboxMissing: missing,
    isFenced: config.sandbox !== "off" && missing.length === 0,
  };
}
