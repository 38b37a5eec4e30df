import type { Rational } from "../domain/rational.ts";
import type { KeyframeGrid } from "../domain/source.ts";
import type { Gop, GopStats } from "./gop-stats.ts";

/** One tick of MPEG's 90 kHz and the rounding of printed microseconds: steps of a constant rate differ by no more. */
const SAME_SECONDS = 15e-6;
const PEAK_SECONDS = 6;

/** Reads the grid out of the GOPs of a track whose measured rate is `frameRate`; exact, or none with its reason. */
export function keyframeGrid(stats: GopStats, frameRate: Rational): KeyframeGrid {
  const [first] = stats.gops;
  if (!first) return { kind: "none", reason: "it has no keyframe" };
  const reason = whyNone(stats, frameRate);
  if (reason !== undefined) return { kind: "none", reason };
  return { kind: "constant", gopFrames: first.frames, peakBps: peakBps(stats.gops, first.frames, frameRate) };
}

function whyNone(stats: GopStats, frameRate: Rational): string | undefined {
  const { gops, hiddenFrames, strayFrames, crossingFrames, stepSpreadSeconds, durationSpreadSeconds } = stats;
  if (hiddenFrames > 0) return "an edit list hides some of its frames";
  if (strayFrames > 0) return "it does not begin with a keyframe";
  if (crossingFrames > 0) return "its GOPs are open";
  if (!isRegular(gops)) return `its keyframes are ${spans(gops, frameRate)} s apart`;
  const isEven = stepSpreadSeconds <= SAME_SECONDS && durationSpreadSeconds <= SAME_SECONDS && liesOnGrid(gops, frameRate);
  return isEven ? undefined : "its frames are not evenly spaced";
}

/** Only the last GOP may be shorter. */
function isRegular(gops: readonly Gop[]): boolean {
  const length = gops[0]?.frames ?? 0;
  return gops.every(({ frames }, index) => (index === gops.length - 1 ? frames <= length : frames === length));
}

/** Each keyframe where a constant rate puts it. */
function liesOnGrid(gops: readonly Gop[], { num, den }: Rational): boolean {
  const [first] = gops;
  if (!first) return false;
  return gops.every(
    ({ startSeconds }, index) => Math.abs(startSeconds - first.startSeconds - (index * first.frames * den) / num) <= SAME_SECONDS,
  );
}

/** The first few lengths that are not all the same. */
function spans(gops: readonly Gop[], { num, den }: Rational): string {
  const seconds = gops.slice(0, -1).map(({ frames }) => ((frames * den) / num).toFixed(1));
  const odd = Math.max(
    0,
    seconds.findIndex((span) => span !== seconds[0]),
  );
  const from = Math.max(0, Math.min(odd - 1, seconds.length - 3));
  return seconds.slice(from, from + 3).join(", ");
}

function peakBps(gops: readonly Gop[], gopFrames: number, { num, den }: Rational): number {
  const run = Math.min(gops.length, Math.max(1, Math.round((PEAK_SECONDS * num) / den / gopFrames)));
  const rates = gops.slice(0, gops.length - run + 1).map((_, from) => {
    const part = gops.slice(from, from + run);
    const frames = part.reduce((total, gop) => total + gop.frames, 0);
    const bytes = part.reduce((total, gop) => total + gop.bytes, 0);
    return (bytes * 8 * num) / (frames * den);
  });
  return Math.round(Math.max(...rates));
}
