import type { Content, MeasuredContent } from "./content.ts";
import { PROBE_CRF } from "./content.ts";
import type { AudioRendition, VideoRendition } from "./encode-plan.ts";
import { predictedBps } from "./fit-content.ts";
import type { VideoCodec } from "./ladder.ts";
import type { Timeline } from "./timeline.ts";

/** What an encode is expected to take and to give. */
export interface Estimate {
  /** What it rests on: the content's measure, or the caps alone (an upper bound of the size). */
  readonly basis: "content" | "caps";
  readonly bytes: number;
  /** Processor time of the whole encode. */
  readonly cpuSeconds: number;
  readonly renditions: readonly RenditionEstimate[];
}

export interface RenditionEstimate {
  readonly id: string;
  readonly averageBps: number;
  readonly bytes: number;
}

export interface EstimateInput {
  readonly content: Content;
  readonly timeline: Timeline;
  readonly video: readonly VideoRendition[];
  readonly audio: readonly AudioRendition[];
}

/** Boxes and sample tables. */
const CONTAINER_SHARE = 1.02;
/** Bits that H.264 would need for what a rendition of this codec needs (MEDIA.md, second codec). */
const CODEC_SHARE: Readonly<Record<VideoCodec, number>> = { h264: 1, hevc: 0.65, av1: 0.6 };
/** Processor seconds of scaling and encoding a million pixels, for content nobody has looked at. */
const USUAL_CPU_PER_MEGAPIXEL = 0.02;
/** Of the probe's time, what goes into decoding and scaling the source. */
const PROBE_DECODE_SHARE = 0.75;
/** Work of a preset as a multiple of x264's veryfast (MEDIA.md, measured; the slow ones by x264's own figures). */
const PRESET_COST: Readonly<Record<string, number>> = {
  ultrafast: 0.35,
  superfast: 0.6,
  veryfast: 1,
  faster: 1.4,
  fast: 1.75,
  medium: 2.2,
  slow: 3.5,
  slower: 6,
  veryslow: 10,
};
const HEVC_COST = 2.2;
/** SVT-AV1's preset 10, and what each step below it costs. */
const AV1_COST = 1.09;
const AV1_STEP = 1.5;
const AUDIO_CPU_SHARE = 0.01;
/** One ffmpeg process keeps about four cores busy (MEDIA.md). */
const MOST_CORES = 4;
const CORE_USE = 0.9;

/** Estimates size and work of a plan from what is known of its content. */
export function estimateEncode({ content, timeline, video, audio }: EstimateInput): Estimate {
  const { durationSeconds } = timeline;
  const crf = video.find(({ codec }) => codec === "h264")?.crf ?? PROBE_CRF;
  const entry = (id: string, averageBps: number): RenditionEstimate => ({
    id,
    averageBps: Math.round(averageBps),
    bytes: Math.ceil((averageBps / 8) * durationSeconds * CONTAINER_SHARE),
  });
  const renditions = [
    ...video.map((rendition) => entry(rendition.id, expectedBps(rendition, content, crf))),
    ...audio.map(({ id, bitrateBps }) => entry(id, bitrateBps)),
  ];
  return {
    basis: content.kind === "measured" ? "content" : "caps",
    bytes: renditions.reduce((sum, { bytes }) => sum + bytes, 0),
    cpuSeconds: cpuSecondsOf({ content, timeline, video, audio }),
    renditions,
  };
}

/** `crf` is that of H.264: the others' scales are their own. */
function expectedBps(rendition: VideoRendition, content: Content, crf: number): number {
  if (content.kind !== "measured") return rendition.capBps;
  return Math.min(rendition.capBps, predictedBps(content, rendition, crf) * CODEC_SHARE[rendition.codec]);
}

function cpuSecondsOf({ content, timeline, video, audio }: EstimateInput): number {
  const encoded = video.filter(({ copied }) => copied !== true);
  const megapixels = encoded.reduce((sum, rendition) => sum + megapixelsOf(rendition) * costOf(rendition), 0);
  const perFrame = content.kind === "measured" ? measuredCpu(content, megapixels) : USUAL_CPU_PER_MEGAPIXEL * megapixels;
  return timeline.frameCount * perFrame + audio.length * timeline.durationSeconds * AUDIO_CPU_SHARE;
}

/** The probe encodes its picture and one of a quarter of it. */
function measuredCpu({ cpuSecondsPerFrame, ...probe }: MeasuredContent, megapixels: number): number {
  const perMegapixel = (cpuSecondsPerFrame * (1 - PROBE_DECODE_SHARE)) / (1.25 * megapixelsOf(probe));
  return cpuSecondsPerFrame * PROBE_DECODE_SHARE + perMegapixel * megapixels;
}

const megapixelsOf = ({ width, height }: { readonly width: number; readonly height: number }): number => (width * height) / 1e6;

function costOf({ codec, preset }: VideoRendition): number {
  if (codec === "av1") return AV1_COST * AV1_STEP ** (10 - Number(preset));
  return (PRESET_COST[preset] ?? 1) * (codec === "hevc" ? HEVC_COST : 1);
}

/** Wall-clock time of an estimate on a machine with this many cores and nothing else to do. */
export const encodeSecondsOn = (cores: number, { cpuSeconds }: Estimate): number =>
  cpuSeconds / (Math.max(1, Math.min(MOST_CORES, cores)) * CORE_USE);
