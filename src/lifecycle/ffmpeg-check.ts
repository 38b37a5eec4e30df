import { ConfigError } from "../config/config-error.ts";
import type { FfmpegSettings } from "../config/config.ts";
import { INSTALL_FFMPEG } from "../config/programs.ts";
import { runCommand } from "../process/run-command.ts";
import { isOlder, isRecommended, parseVersion } from "./ffmpeg-version.ts";

/** What an ffmpeg program can do, as it says itself. */
export interface FfmpegFacts {
  /** The word after "ffmpeg version". */
  readonly version: string;
  readonly missingEncoders: readonly string[];
  readonly missingFilters: readonly string[];
}

/** What speaks against starting with it, and what is only worth saying. */
export interface FfmpegVerdict {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const ENCODERS = ["libx264", "aac"];
/** Interlaced and HDR sources need them; others do not. */
const FILTERS = ["bwdif", "zscale", "tonemap"];
const DEADLINE_MS = 15_000;

/** Asks the program for its version, encoders and filters. Throws ConfigError with the line that installs it when it does not run. */
export async function inspectFfmpeg(path: string, signal: AbortSignal): Promise<FfmpegFacts> {
  const ask = async (question: string): Promise<string> => {
    const { exitCode, stdout } = await runCommand({ command: path, args: ["-hide_banner", question], signal, deadlineMs: DEADLINE_MS });
    if (exitCode !== 0) throw new Error(`exit code ${exitCode}`);
    return stdout;
  };
  try {
    const [version, encoders, filters] = await Promise.all([ask("-version"), ask("-encoders"), ask("-filters")]);
    return {
      version: /version (\S+)/.exec(version)?.[1] ?? "unknown",
      missingEncoders: ENCODERS.filter((name) => !lists(encoders, name)),
      missingFilters: FILTERS.filter((name) => !lists(filters, name)),
    };
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`ffmpeg.path: ${path} does not run (${why}); install it: ${INSTALL_FFMPEG}`], { cause: error });
  }
}

/** The verdict on an ffmpeg (R-X14): too old or without an encoder is a problem; open holes and missing filters are warnings. */
export function judgeFfmpeg({ version, missingEncoders, missingFilters }: FfmpegFacts, minimumVersion: string): FfmpegVerdict {
  const numbers = parseVersion(version);
  const minimum = parseVersion(minimumVersion) ?? [];
  return {
    problems: [
      ...(numbers && isOlder(numbers, minimum) ? [`ffmpeg.minimumVersion: ffmpeg ${version} is older than ${minimumVersion}`] : []),
      ...missingEncoders.map((name) => `ffmpeg.path: this ffmpeg has no encoder ${name}`),
    ],
    warnings: [
      ...(numbers && !isRecommended(numbers)
        ? [`ffmpeg ${version} is below 8.1.2, 8.0.3 and 7.1.5: unless its distribution has patched it, it has known holes`]
        : []),
      ...missingFilters.map((name) => `this ffmpeg has no filter ${name}: ${name === "bwdif" ? "interlaced" : "HDR"} sources will fail`),
    ],
  };
}

/** Inspects and judges in one; throws ConfigError with every problem. */
export async function checkFfmpeg(
  { path, minimumVersion }: Pick<FfmpegSettings, "path" | "minimumVersion">,
  signal: AbortSignal,
): Promise<{ readonly version: string; readonly warnings: readonly string[] }> {
  const facts = await inspectFfmpeg(path, signal);
  const { problems, warnings } = judgeFfmpeg(facts, minimumVersion);
  if (problems.length > 0) throw new ConfigError(problems);
  return { version: facts.version, warnings };
}

/** In ffmpeg's tables a name is the second word of its row; newer versions have fewer columns before the rest. */
const lists = (table: string, name: string): boolean => table.split("\n").some((row) => row.trim().split(/\s+/)[1] === name);
