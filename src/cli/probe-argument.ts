import type { Config } from "../config/config.ts";
import { requireFfmpeg } from "../config/programs.ts";
import type { Source } from "../domain/source.ts";
import { probeSource } from "../media/probe-source.ts";
import type { Measuring } from "../pipeline/plan-stage.ts";
import { chooseSandbox, detectSandbox } from "../process/sandbox.ts";
import { interruptible } from "./interruptible.ts";
import { openSource } from "./open-source.ts";

/** A probed source while it is at hand, and what may measure it further. */
export interface Probed extends Measuring {
  readonly path: string;
}

/**
 * Probes what the argument names, a file or an s3:// URI, as a job would, and hands it to `use` while it is on disk. Throws
 * ConfigError without ffmpeg, SourceError when it is rejected.
 */
export async function withProbed<T>(argument: string, config: Config, use: (source: Source, probed: Probed) => Promise<T>): Promise<T> {
  requireFfmpeg(config);
  return interruptible(async (signal) => {
    await using opened = await openSource(argument, config, signal);
    const { abilities: sandbox } = chooseSandbox(config.sandbox, await detectSandbox(signal));
    const { ffmpeg, limits } = config;
    const source = await probeSource(opened.path, { ffmpegPath: ffmpeg.path, ffprobePath: ffmpeg.probePath, limits, sandbox }, signal);
    return await use(source, { path: opened.path, tools: { ffmpegPath: ffmpeg.path, threads: ffmpeg.threads, sandbox }, limits, signal });
  });
}

/** Only the probe of what the argument names. Throws as `withProbed`. */
export const probeArgument = (argument: string, config: Config): Promise<Source> => withProbed(argument, config, async (source) => source);
