import { ConfigError } from "../config/config-error.ts";
import type { FfmpegSettings } from "../config/config.ts";
import { INSTALL_FFMPEG } from "../config/programs.ts";
import type { Ladder } from "../domain/ladder.ts";
import { VIDEO_ENCODERS } from "../engines/ffmpeg/video-encoders.ts";
import { runCommand } from "../process/run-command.ts";
import { isOlder, isRecommended, parseVersion } from "./ffmpeg-version.ts";

/** What an ffmpeg program can do, as it says itself. */
export interface FfmpegFacts {
  /** The word after "ffmpeg version". */
  readonly version: string;
  readonly missingEncoders: readonly string[];
  readonly missingFilters: readonly string[];
}

/** What the configuration asks of an ffmpeg. */
export interface FfmpegRequirements {
  readonly minimumVersion: string;
  readonly encoders: readonly string[];
}

/** What speaks against starting with it, and what is only worth saying. */
export interface FfmpegVerdict {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const AUDIO_ENCODER = "aac";
const ENCODERS = [...Object.values(VIDEO_ENCODERS), AUDIO_ENCODER];
/** Interlaced and HDR sources need them; others do not. */
const FILTERS = ["bwdif", "zscale", "tonemap"];
const DEADLINE_MS = 15_000;

/** The encoders that a ladder's renditions need. */
export const encodersFor = ({ codecs }: Pick<Ladder, "codecs">): string[] => [
  ...codecs.map(({ codec }) => VIDEO_ENCODERS[codec]),
  AUDIO_ENCODER,
];

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

/**
 * The verdict on an ffmpeg (R-X14): too old or without an encoder of the configured ladder is a problem; open holes and
 * what only other ladders or some sources need are warnings.
 */
export function judgeFfmpeg({ version, missingEncoders, missingFilters }: FfmpegFacts, required: FfmpegRequirements): FfmpegVerdict {
  const { minimumVersion, encoders } = required;
  const numbers = parseVersion(version);
  const minimum = parseVersion(minimumVersion) ?? [];
  return {
    problems: [
      ...(numbers && isOlder(numbers, minimum) ? [`ffmpeg.minimumVersion: ffmpeg ${version} is older than ${minimumVersion}`] : []),
      ...missingEncoders.filter((name) => encoders.includes(name)).map((name) => `ffmpeg.path: this ffmpeg has no encoder ${name}`),
    ],
    warnings: [
      ...(numbers && !isRecommended(numbers)
        ? [`ffmpeg ${version} is below 8.1.2, 8.0.3 and 7.1.5: unless its distribution has patched it, it has known holes`]
        : []),
      ...missingEncoders
        .filter((name) => !encoders.includes(name))
        .map((name) => `this ffmpeg has no encoder ${name}: ladders that need it will fail`),
      ...missingFilters.map((name) => `this ffmpeg has no filter ${name}: ${name === "bwdif" ? "interlaced" : "HDR"} sources will fail`),
    ],
  };
}

/** Inspects and judges in one, for the ladder of jobs that name none; throws ConfigError with every problem. */
export async function checkFfmpeg(
  { path, minimumVersion }: Pick<FfmpegSettings, "path" | "minimumVersion">,
  ladder: Pick<Ladder, "codecs">,
  signal: AbortSignal,
): Promise<{ readonly version: string; readonly warnings: readonly string[] }> {
  const facts = await inspectFfmpeg(path, signal);
  const { problems, warnings } = judgeFfmpeg(facts, { minimumVersion, encoders: encodersFor(ladder) });
  if (problems.length > 0) throw new ConfigError(problems);
  return { version: facts.version, warnings };
}

/** In ffmpeg's tables a name is the second word of its row; newer versions have fewer columns before the rest. */
const lists = (table: string, name: string): boolean => table.split("\n").some((row) => row.trim().split(/\s+/)[1] === name);
