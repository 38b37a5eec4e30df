/** What is known of the content: `unmeasured` is worth a probe encode, `unknown` leaves the ladder as configured. */
export type Content = MeasuredContent | { readonly kind: "unmeasured" } | { readonly kind: "unknown"; readonly reason: string };

/** Figures of a small encode of some windows of the source, through the same filters as the whole. */
export interface MeasuredContent {
  readonly kind: "measured";
  /** Size of the picture that was encoded. */
  readonly width: number;
  readonly height: number;
  /** Bit rate of each window at PROBE_CRF and PROBE_PRESET; at least one. */
  readonly windowBps: readonly number[];
  /** By which power of the pixels the bits grow, from half the size to this one: about 0.7, and more than 1 where there is grain. */
  readonly sizeExponent: number;
  /** How close the probe encode comes to its picture, 0 to 1, averaged over the windows. */
  readonly ssim: number;
  /** Processor time of decoding, filtering and encoding one frame. */
  readonly cpuSecondsPerFrame: number;
}

/** A span of the timeline. */
export interface ContentWindow {
  readonly startSeconds: number;
  readonly seconds: number;
}

/** How the windows are encoded: MEDIA.md, "Knowing the content first". */
export const PROBE_SHORT_SIDE = 360;
export const PROBE_PRESET = "veryfast";
export const PROBE_CRF = 23;

/** One GOP of the default ladder, so that a window pays for one keyframe as the encode will. */
const WINDOW_SECONDS = 2;
const MOST_WINDOWS = 4;
/** The probe spends about a fifth of the encode's time on a second of video: this keeps it near 3 % of the whole. */
const LARGEST_SHARE = 0.14;

/** The spans of the timeline to look at: evenly spread, so that titles and credits do not speak for the film. */
export function contentWindows(durationSeconds: number): readonly ContentWindow[] {
  const count = Math.min(MOST_WINDOWS, Math.max(1, Math.floor((durationSeconds * LARGEST_SHARE) / WINDOW_SECONDS)));
  const seconds = Math.min(WINDOW_SECONDS, durationSeconds);
  return Array.from({ length: count }, (_, index) => ({
    startSeconds: Math.max(0, ((index + 0.5) / count) * durationSeconds - seconds / 2),
    seconds,
  }));
}

/** Fewer sizes than this leave nothing to choose from. */
const FEWEST_SIZES = 3;
/** Less than a segment is encoded sooner than it is thought about. */
const SHORTEST_SECONDS = 6;

/** What a measure could change. */
export interface Prospect {
  readonly perTitle: boolean;
  readonly sizes: number;
  readonly durationSeconds: number;
  /** The largest rendition is the source itself. */
  readonly isCopied: boolean;
}

/** Why the content of a source need not be measured; undefined when it is worth it. */
export function reasonNotToMeasure({ perTitle, sizes, durationSeconds, isCopied }: Prospect): string | undefined {
  if (!perTitle) return "perTitle is off";
  if (isCopied) return "the source is its own largest rendition";
  if (sizes < FEWEST_SIZES) return `fewer than ${FEWEST_SIZES} sizes to choose from`;
  return durationSeconds < SHORTEST_SECONDS ? `shorter than ${SHORTEST_SECONDS} s` : undefined;
}
