import type { EncodePlan, TimeRange } from "./encode-plan.ts";
import type { Source } from "./source.ts";
import type { Timeline } from "./timeline.ts";
import { segmentCount } from "./timeline.ts";

/** When a source is cut, and into what. */
export interface ChunkRules {
  /** Processes of one thread that may run at a time. */
  readonly parallel: number;
  /** Up to so many cores one process of many threads does as well. */
  readonly aboveCores: number;
  /** No chunk is shorter, however many cores wait. */
  readonly minimumSegments: number;
}

/**
 * Containers in which a seek lands where it should: those with an index, and transport streams, whose every packet has its
 * time. AVI, FLV, ASF, Ogg and program streams are read from the start to the end.
 */
const INDEXED: ReadonlySet<string> = new Set(["mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"]);
const TIMED = "mpegts";
/** ffmpeg takes a longer jump for a new clock and shifts what follows; a process that starts behind it would not. */
const LONGEST_TIMED_GOP_SECONDS = 9;
/** Room for pictures that are shown in another order than they are stored in, and for a deinterlacer's neighbours. */
const PREROLL_SECONDS = 1;

/** Measured at 1080p (MEDIA.md); what does not depend on the picture is about a fifth of it. */
const PROCESS_BYTES = 390_000_000;
const FIXED_SHARE = 0.2;
/** AV1 or HEVC beside H.264 took 0.7 GB more at 1080p: their encoders keep more pictures than x264. */
const FURTHER_CODEC_SHARE = 1.8;
const PIXELS_1080 = 1920 * 1080;

/**
 * The spans of the timeline to encode by themselves, each a whole number of segments, alike within one segment. One span
 * that covers everything when more would not be faster, or when the source cannot be entered in its middle. Pure.
 */
export function planChunks(plan: EncodePlan, { parallel, aboveCores, minimumSegments }: ChunkRules): readonly TimeRange[] {
  const { timeline } = plan;
  const segments = segmentCount(timeline);
  const wanted = Math.floor(segments / Math.max(1, minimumSegments));
  const count = isCuttable(plan) && Math.min(wanted, parallel) > aboveCores ? wanted : 1;
  const edge = (index: number): number => secondsOf(timeline, Math.round((index * segments) / count) * timeline.segmentFrames);
  return Array.from({ length: count }, (_, index) => ({ startSeconds: edge(index), endSeconds: edge(index + 1) }));
}

/**
 * The spans that are still to encode when so many segments lie there from an attempt before: enough of them for all cores,
 * and none much longer than a chunk, so that another interruption costs no more than that. Pure.
 */
export function planRest({ timeline }: EncodePlan, rules: Omit<ChunkRules, "aboveCores">, done: number): readonly TimeRange[] {
  const rest = segmentCount(timeline) - done;
  const wanted = Math.max(Math.floor(rest / Math.max(1, rules.minimumSegments)), Math.min(rest, rules.parallel));
  const edge = (index: number): number => secondsOf(timeline, (done + Math.round((index * rest) / wanted)) * timeline.segmentFrames);
  return Array.from({ length: wanted }, (_, index) => ({ startSeconds: edge(index), endSeconds: edge(index + 1) }));
}

/**
 * Whether a later attempt can begin in the middle of this plan. Encrypted segments belong to the key of their revision, a
 * copied picture goes through in one piece, and only x264 writes the same parameter sets whatever its threads. Pure.
 */
export const isResumable = (plan: EncodePlan): boolean =>
  !plan.encryption && isCuttable(plan) && plan.video.every(({ codec, copied }) => codec === "h264" && !copied);

/** How many segments from the first on are there in every rendition; the last one of the plan is always encoded anew. Pure. */
export function leadingSegments(plan: EncodePlan, isThere: (renditionId: string, number: number) => boolean): number {
  const most = segmentCount(plan.timeline) - 1;
  const all = (number: number): boolean => plan.video.every(({ id }) => isThere(id, number));
  let count = 0;
  while (count < most && all(count + 1)) count += 1;
  return count;
}

/** The pictures of one span. Sound is encoded in one go: an encoder's priming would be heard at every seam. */
export const chunkPlan = (plan: EncodePlan, range: TimeRange): EncodePlan => ({
  ...plan,
  range,
  video: plan.video.filter(({ copied }) => !copied),
  audio: [],
  text: [],
});

/** What goes through in one piece beside the chunks: the sound, and a picture that is copied. */
export const uncutPlan = (plan: EncodePlan): EncodePlan => ({
  ...plan,
  range: { startSeconds: 0, endSeconds: plan.timeline.durationSeconds },
  video: plan.video.filter(({ copied }) => copied),
  text: [],
});

/** The first frame of the plan's range and the one behind its last, counted on the timeline. */
export function frameRange({ timeline, range }: EncodePlan): { readonly start: number; readonly end: number } {
  if (!range) return { start: 0, end: timeline.frameCount };
  const frameAt = (seconds: number): number => Math.round((seconds * timeline.frameRate.num) / timeline.frameRate.den);
  return { start: frameAt(range.startSeconds), end: frameAt(range.endSeconds) };
}

/** How long before a chunk its source must be read so that every one of its pictures can be decoded; undefined: from the start. */
export function prerollSeconds({ container, video }: Source): number | undefined {
  if (INDEXED.has(container)) return PREROLL_SECONDS;
  const longest = video?.longestGopSeconds;
  if (container !== TIMED || longest === undefined || longest > LONGEST_TIMED_GOP_SECONDS) return undefined;
  return longest + PREROLL_SECONDS;
}

/** Memory that one process needs for a chunk of this plan. */
export function chunkBytes({ video }: EncodePlan): number {
  const encoded = video.filter(({ copied }) => !copied);
  const largest = Math.max(0, ...encoded.map(({ width, height }) => width * height));
  const further = new Set(encoded.map(({ codec }) => codec)).size - 1;
  const share = 1 + FURTHER_CODEC_SHARE * Math.max(0, further);
  return Math.round(PROCESS_BYTES * share * (FIXED_SHARE + (1 - FIXED_SHARE) * (largest / PIXELS_1080)));
}

const isCuttable = ({ source, video }: EncodePlan): boolean => video.some(({ copied }) => !copied) && prerollSeconds(source) !== undefined;

const secondsOf = ({ frameRate, frameCount }: Timeline, frame: number): number =>
  (Math.min(frame, frameCount) * frameRate.den) / frameRate.num;
