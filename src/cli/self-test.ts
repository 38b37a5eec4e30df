import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { requireFfmpeg } from "../config/programs.ts";
import { BUILD_ID } from "../config/version.ts";
import { OutputError } from "../domain/errors.ts";
import { transcodeFile } from "../pipeline/transcode-file.ts";
import { openWorkspace } from "../pipeline/workspace.ts";
import { openTools, tryPrograms } from "../tools.ts";
import { interruptible } from "./interruptible.ts";
import { printLine } from "./print.ts";
import { makeSample, PROOF } from "./sample.ts";

/** A segment ends with a frame, sound with a block of 1024 samples. */
const TOLERANCE_SECONDS = 0.1;

/**
 * Transcodes a generated clip in the work folder by the whole pipeline, with the sandbox and the ladder of the configuration,
 * and leaves nothing there. Resolves to 0. Throws ConfigError for a machine that cannot start and JobErrors, OutputError
 * among them, for one that cannot do the work.
 */
export function selfTest(config: Config): Promise<number> {
  requireFfmpeg(config);
  return interruptible(async (signal) => {
    await tryPrograms(await openTools(config, signal), config.sandbox, signal);
    await using workspace = await openWorkspace(config.workDir);
    const file = join(workspace.pipeDir, "clip.mp4");
    await makeSample({ ffmpeg: config.ffmpeg.path, path: file, shape: PROOF, signal });
    const { durationSeconds, renditions } = await transcodeFile({ file, outDir: workspace.outDir, config, signal });
    if (Math.abs(durationSeconds - PROOF.seconds) > TOLERANCE_SECONDS)
      throw new OutputError("output_incomplete", `a clip of ${PROOF.seconds} s came out with ${durationSeconds} s`);
    printLine(`self-test of ${BUILD_ID}: good, ${renditions.join(" ")}`);
    return 0;
  });
}
