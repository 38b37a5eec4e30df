import type { Ladder } from "./ladder.ts";
import type { Rational } from "./rational.ts";
import { rational, toNumber } from "./rational.ts";
import type { Source, VideoTrack } from "./source.ts";

/** The one timeline of everything published: starts at 0, every rendition is cut at the same times. */
export interface Timeline {
  /** Where it begins on the source's clock (as probed, in seconds). */
  readonly sourceStartSeconds: number;
  readonly durationSeconds: number;
  /** Constant rate of every video rendition; for audio alone the rate of its virtual grid. */
  readonly frameRate: Rational;
  readonly frameCount: number;
  readonly gopFrames: number;
  readonly segmentFrames: number;
}

/** A last segment shorter than this is avoided where the keyframe interval allows (MEDIA.md, streaming rules). */
export const SHORTEST_TAIL_SECONDS = 0.6;
/** How much shorter than nominal a GOP may become to avoid a short tail; keeps segments within 0.5 s of nominal. */
const SHORTEST_GOP_SHARE = 0.92;

/** The timeline of a source with video: the video's own range; sound outside it is cut, missing sound is silence. */
export function videoTimeline(video: VideoTrack, frameRate: Rational, ladder: Ladder): Timeline {
  const frameCount = Math.max(1, Math.round(video.durationSeconds * toNumber(frameRate)));
  return onGrid({ sourceStartSeconds: video.startSeconds, frameRate, frameCount }, ladder);
}

/** The timeline of an audio-only source: the range of its longest track on a grid of milliseconds. */
export function audioTimeline(source: Source, ladder: Ladder): Timeline {
  const start = Math.min(...source.audio.map((track) => track.startSeconds));
  const end = Math.max(...source.audio.map((track) => track.startSeconds + track.durationSeconds));
  return onGrid(
    { sourceStartSeconds: start, frameRate: rational(1000), frameCount: Math.max(1, Math.round((end - start) * 1000)) },
    ladder,
  );
}

/** Seconds of one whole segment, exact in the frame rate's terms (3 GOPs of 2.002 s are 6.006 s). */
export const segmentSeconds = ({ segmentFrames, frameRate }: Timeline): number => (segmentFrames * frameRate.den) / frameRate.num;

/** Seconds of one GOP. */
export const gopSeconds = ({ gopFrames, frameRate }: Timeline): number => (gopFrames * frameRate.den) / frameRate.num;

/** How many segments every rendition has. */
export const segmentCount = ({ frameCount, segmentFrames }: Timeline): number => Math.ceil(frameCount / segmentFrames);

/**
 * The same plan on the nominal grid, for managed engines: they cut at whole seconds, to which GOPs that were shortened do not
 * fit. Its last segment may be short.
 */
export function onNominalGrid<T extends { readonly timeline: Timeline }>(plan: T, { gopSeconds: nominal, gopsPerSegment }: Ladder): T {
  const gopFrames = nominalGop(toNumber(plan.timeline.frameRate), nominal);
  return { ...plan, timeline: { ...plan.timeline, gopFrames, segmentFrames: gopFrames * gopsPerSegment } };
}

const nominalGop = (fps: number, nominalSeconds: number): number => Math.max(1, Math.round(nominalSeconds * fps));

type Span = Pick<Timeline, "sourceStartSeconds" | "frameRate" | "frameCount">;

function onGrid({ sourceStartSeconds, frameRate, frameCount }: Span, ladder: Ladder): Timeline {
  const gopFrames = chooseGop(frameCount, toNumber(frameRate), ladder);
  const durationSeconds = (frameCount * frameRate.den) / frameRate.num;
  return { sourceStartSeconds, durationSeconds, frameRate, frameCount, gopFrames, segmentFrames: gopFrames * ladder.gopsPerSegment };
}

/** The nominal GOP, or the longest slightly shorter one that leaves no stub of a last segment. */
function chooseGop(frameCount: number, fps: number, { gopSeconds: nominalSeconds, gopsPerSegment }: Ladder): number {
  const nominal = nominalGop(fps, nominalSeconds);
  const shortest = Math.max(1, Math.ceil(nominal * SHORTEST_GOP_SHARE));
  const tail = (gop: number): number => frameCount % (gop * gopsPerSegment) || gop * gopsPerSegment;
  let best = nominal;
  for (let gop = nominal; gop >= shortest; gop -= 1) {
    if (frameCount <= gop * gopsPerSegment || tail(gop) / fps >= SHORTEST_TAIL_SECONDS) return gop;
    if (tail(gop) > tail(best)) best = gop;
  }
  return best;
}
