import { SourceError } from "../domain/errors.ts";
import type { Source } from "../domain/source.ts";

/** What a source may be; each is a configuration key `limits.*` (RELIABILITY.md R-X7). */
export interface SourceLimits {
  readonly maxSourceBytes: number;
  readonly maxDurationSeconds: number;
  readonly maxWidth: number;
  readonly maxHeight: number;
  readonly maxPixels: number;
  readonly maxStreams: number;
  /** Longest time without a frame; a gap of hours would be filled with frames (E5). */
  readonly maxGapSeconds: number;
}

/** Throws SourceError source_limits naming the first limit the source breaks. */
export function enforceLimits(source: Source, limits: SourceLimits, largestStepSeconds: number): void {
  const { video, durationSeconds } = source;
  const refuse = (what: string): never => {
    throw new SourceError("source_limits", what);
  };
  if (!(durationSeconds > 0)) refuse("the source has no duration");
  if (durationSeconds > limits.maxDurationSeconds)
    refuse(`duration ${durationSeconds.toFixed(1)} s is above limits.maxDurationSeconds ${limits.maxDurationSeconds}`);
  if (largestStepSeconds > limits.maxGapSeconds)
    refuse(`${largestStepSeconds.toFixed(1)} s without a frame is above limits.maxGapSeconds ${limits.maxGapSeconds}`);
  if (!video) return;
  const { codedWidth, codedHeight } = video;
  if (codedWidth > limits.maxWidth || codedHeight > limits.maxHeight)
    refuse(`${codedWidth}x${codedHeight} is above limits.maxWidth x limits.maxHeight`);
  if (codedWidth * codedHeight > limits.maxPixels) refuse(`${codedWidth}x${codedHeight} is above limits.maxPixels ${limits.maxPixels}`);
  if (Math.max(video.displayWidth, video.displayHeight) > Math.max(limits.maxWidth, limits.maxHeight))
    refuse(`${video.displayWidth}x${video.displayHeight} as shown is above limits.maxWidth x limits.maxHeight`);
  if (Math.min(video.displayWidth, video.displayHeight) < MIN_SIDE)
    refuse(`${video.displayWidth}x${video.displayHeight} is too small to encode`);
}

/** x264 takes 2x2, but a picture below one macroblock is no video. */
const MIN_SIDE = 16;
