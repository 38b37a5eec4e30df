import type { FittedRung, Ladder } from "./ladder.ts";
import { toNumber } from "./rational.ts";
import type { KeyframeGrid, VideoTrack } from "./source.ts";
import type { Timeline } from "./timeline.ts";
import { SHORTEST_TAIL_SECONDS } from "./timeline.ts";

/** Whether the source's own picture becomes the largest rendition as it is; all others are then cut at its keyframes. */
export type PassThrough = SourceGrid | { readonly kind: "encode"; readonly reason: string };

/** The grid of a source that is copied, in frames. */
export interface SourceGrid {
  readonly kind: "copy";
  readonly gopFrames: number;
  readonly segmentFrames: number;
}

/** How far above the rung's cap a source may be (MEDIA.md, passing a rung through). */
const ABOVE_CAP = 1.2;
/** HLS authoring rule 1.30: the peak is at most twice the average. */
const PEAK_TO_AVERAGE = 2;
/** HLS authoring rule 7.7: no segment is longer than its target by more. */
const LONGER_SECONDS = 0.5;
/** The smaller renditions share the source's grid, and each keyframe costs them as much as ten other frames. */
const SHORTEST_GOP_SECONDS = 0.9;

interface Target {
  /** Ascending. */
  readonly rungs: readonly FittedRung[];
  readonly ladder: Ladder;
  readonly timeline: Timeline;
}

/**
 * Decides whether the source is published as its own rung. Everything that players are promised of an encoded rung must
 * hold of it: size, rate, colour, closed GOPs on a constant grid, bits within the cap.
 */
export function decidePassThrough(video: VideoTrack, target: Target): PassThrough {
  const { keyframeGrid: grid } = video;
  const reason = whyNotAtAll(video, target) ?? whyNotThisPicture(video) ?? whyNotThisRung(video, target) ?? whyNotThisGrid(grid);
  if (reason !== undefined || grid?.kind !== "constant") return { kind: "encode", reason: reason ?? "its keyframes were not measured" };
  return whyNotTheseBits(video, { grid, target }) ?? onSourceGrid(grid.gopFrames, target);
}

/** The timeline on the grid of a copied source. */
export const onGridOf = (timeline: Timeline, passThrough: PassThrough): Timeline =>
  passThrough.kind === "copy" ? { ...timeline, gopFrames: passThrough.gopFrames, segmentFrames: passThrough.segmentFrames } : timeline;

type Reason = string | undefined;

const firstOf = (...reasons: readonly (string | false)[]): Reason => reasons.find((reason) => reason !== false);

const whyNotAtAll = ({ codec }: VideoTrack, { rungs, ladder }: Target): Reason =>
  firstOf(
    !ladder.passThrough && "the ladder says so",
    codec !== "h264" && `it is ${codec}, not H.264`,
    // Nothing would be decoded, and damage in the source would go out unseen.
    rungs.length < 2 && "it would be the only rendition",
  );

const whyNotThisPicture = ({ pixelFormat, hdr, colour, rotation, mirrored, sampleAspect, interlaced }: VideoTrack): Reason =>
  firstOf(
    (pixelFormat !== "yuv420p" || hdr !== undefined) && `its pixels are ${hdr ?? pixelFormat}, not 8-bit yuv420p`,
    colour.fullRange && "its colours are full range",
    colour.matrix !== "bt709" && `its colours are ${colour.matrix}, not bt709`,
    rotation !== 0 && `it is turned by ${rotation} degrees`,
    mirrored === true && "it is mirrored",
    toNumber(sampleAspect) !== 1 && "its pixels are not square",
    interlaced && "it is interlaced",
  );

function whyNotThisRung(video: VideoTrack, { rungs, timeline }: Target): Reason {
  const top = rungs.at(-1);
  const { codedWidth, codedHeight, variableFrameRate, frameRate, frameCount } = video;
  const isSameRate = toNumber(frameRate) === toNumber(timeline.frameRate) && frameCount === timeline.frameCount;
  return firstOf(
    (top?.width !== codedWidth || top.height !== codedHeight) && `no rung has its size of ${codedWidth}x${codedHeight}`,
    (variableFrameRate || !isSameRate) && "its frame rate is not constant, or is changed",
  );
}

function whyNotThisGrid(grid: KeyframeGrid | undefined): Reason {
  if (!grid) return "only H.264 in MP4 is looked at";
  return grid.kind === "constant" ? undefined : grid.reason;
}

interface Bits {
  readonly grid: Extract<KeyframeGrid, { kind: "constant" }>;
  readonly target: Target;
}

function whyNotTheseBits({ bitrateBps }: VideoTrack, { grid, target: { rungs } }: Bits): PassThrough | undefined {
  const allowed = (rungs.at(-1)?.capBps ?? 0) * ABOVE_CAP;
  const megabits = (bps: number): string => `${(bps / 1e6).toFixed(1)} Mb/s`;
  const reason = firstOf(
    bitrateBps > allowed && `it has ${megabits(bitrateBps)}, more than ${megabits(allowed)}`,
    grid.peakBps > bitrateBps * PEAK_TO_AVERAGE && `its peak of ${megabits(grid.peakBps)} is over twice its average`,
  );
  return reason === undefined ? undefined : { kind: "encode", reason };
}

/** As many whole GOPs as come closest to the ladder's segment, without a stub of a last one. */
function onSourceGrid(gopFrames: number, { ladder, timeline }: Target): PassThrough {
  const { frameCount } = timeline;
  const fps = toNumber(timeline.frameRate);
  const nominalSeconds = ladder.gopSeconds * ladder.gopsPerSegment;
  const longest = Math.floor((nominalSeconds + LONGER_SECONDS) * fps + 1e-6);
  if (gopFrames > longest) return { kind: "encode", reason: `its keyframes are ${(gopFrames / fps).toFixed(1)} s apart` };
  if (gopFrames < frameCount && gopFrames / fps < SHORTEST_GOP_SECONDS)
    return { kind: "encode", reason: `its keyframes are only ${(gopFrames / fps).toFixed(2)} s apart` };
  const choices = Array.from({ length: Math.floor(longest / gopFrames) }, (_, index) => (index + 1) * gopFrames);
  const tail = (segmentFrames: number): number => frameCount % segmentFrames || segmentFrames;
  const [best] = choices
    .filter((frames) => frames >= frameCount || tail(frames) / fps >= SHORTEST_TAIL_SECONDS)
    .toSorted((a, b) => Math.abs(a / fps - nominalSeconds) - Math.abs(b / fps - nominalSeconds));
  if (best === undefined) return { kind: "encode", reason: `its last GOP of ${(tail(gopFrames) / fps).toFixed(1)} s would be a segment` };
  return { kind: "copy", gopFrames, segmentFrames: best };
}
