import type { Config } from "../config/config.ts";
import { requireFfmpeg } from "../config/programs.ts";
import type { Source } from "../domain/source.ts";
import { probeSource } from "../media/probe-source.ts";
import { chooseSandbox, detectSandbox } from "../process/sandbox.ts";
import { interruptible } from "./interruptible.ts";
import { openSource } from "./open-source.ts";

/** Probes what the argument names, a file or an s3:// URI, as a job would. Throws ConfigError without ffmpeg, SourceError when it is rejected. */
export async function probeArgument(argument: string, config: Config): Promise<Source> {
  requireFfmpeg(config);
  return interruptible(async (signal) => {
    await using opened = await openSource(argument, config, signal);
    const { abilities } = chooseSandbox(config.sandbox, await detectSandbox(signal));
    return await probeSource(
      opened.path,
      { ffmpegPath: config.ffmpeg.path, ffprobePath: config.ffmpeg.probePath, limits: config.limits, sandbox: abilities },
      signal,
    );
  });
}
