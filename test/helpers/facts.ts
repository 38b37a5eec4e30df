import type { AudioRendition, EncodePlan, VideoRendition } from "../../src/domain/encode-plan.ts";
import { segmentCount, segmentSeconds } from "../../src/domain/timeline.ts";
import { segmentName } from "../../src/packaging/compile.ts";
import type { RenditionFacts, SegmentFacts } from "../../src/packaging/facts.ts";
import type { FragmentFacts } from "../../src/packaging/media-segment.ts";
import type { Presentation } from "../../src/packaging/presentation.ts";
import { present } from "../../src/packaging/presentation.ts";

const AAC_FRAME = 1024;
const MOOF_BYTES = 200;
const CODECS = {
  h264: { high: "avc1.640028", main: "avc1.4d401e" },
  hevc: { high: "", main: "hvc1.1.6.L120.90" },
  av1: { high: "", main: "av01.0.08M.08" },
} as const;

/** A fragment of samples of one size, the first a keyframe of ten times that. */
export function aFragment(changes: Partial<FragmentFacts> & { readonly sampleBytes?: number } = {}): FragmentFacts {
  const { sampleBytes = 100, sampleCount = 60, startTicks = 0, endTicks = 60, ...rest } = changes;
  const [firstMediaBytes, mediaBytes] = [10 * sampleBytes, (9 + sampleCount) * sampleBytes];
  return {
    offset: 0,
    sizeBytes: MOOF_BYTES + mediaBytes,
    firstSampleBytes: MOOF_BYTES + firstMediaBytes,
    firstMediaBytes,
    mediaBytes,
    startsWithSync: true,
    decodeTicks: startTicks,
    startTicks,
    endTicks,
    sampleCount,
    syncCount: 1,
    ...rest,
  };
}

/** One segment holding these fragments one after the other. */
export function aSegment(name: string, fragments: readonly FragmentFacts[]): SegmentFacts {
  let offset = 0;
  const placed = fragments.map((fragment) => {
    const at = offset;
    offset += fragment.sizeBytes;
    return { ...fragment, offset: at };
  });
  return { name, sizeBytes: offset, startTicks: placed[0]?.startTicks ?? 0, endTicks: placed.at(-1)?.endTicks ?? 0, fragments: placed };
}

/** What a faultless packager would have written: sizes grow and shrink from GOP to GOP in a fixed way. */
export function videoFacts(rendition: VideoRendition, { timeline }: EncodePlan): RenditionFacts {
  const { frameCount, gopFrames, segmentFrames, frameRate } = timeline;
  const unit = Math.round(rendition.capBps / 8 / (frameRate.num / frameRate.den) / 2);
  const segments = Array.from({ length: segmentCount(timeline) }, (_, index) => {
    const [from, to] = [index * segmentFrames, Math.min(frameCount, (index + 1) * segmentFrames)];
    const starts = Array.from({ length: Math.ceil((to - from) / gopFrames) }, (_gop, gop) => from + gop * gopFrames);
    const fragments = starts.map((start, gop) => {
      const end = Math.min(to, start + gopFrames);
      const ticks = { startTicks: start * frameRate.den, endTicks: end * frameRate.den };
      return aFragment({ ...ticks, sampleCount: end - start, sampleBytes: unit + ((index + gop) % 3) * Math.round(unit / 8) });
    });
    return aSegment(segmentName(index + 1), fragments);
  });
  const { id, width, height } = rendition;
  const codecs = CODECS[rendition.codec][rendition.profile];
  return { id, codecs, timescale: frameRate.num, initBytes: 800, picture: { width, height }, segments };
}

/** The same for sound: whole AAC frames, so boundaries are up to a frame off the grid. */
export function audioFacts(rendition: AudioRendition, { timeline }: EncodePlan): RenditionFacts {
  const { id, sampleRate, channels, bitrateBps } = rendition;
  const total = Math.round(timeline.durationSeconds * sampleRate);
  const boundary = (index: number): number =>
    Math.min(total, Math.round((index * segmentSeconds(timeline) * sampleRate) / AAC_FRAME) * AAC_FRAME);
  const sampleBytes = Math.round((bitrateBps / 8) * (AAC_FRAME / sampleRate));
  const segments = Array.from({ length: segmentCount(timeline) }, (_, index) => {
    const ticks = { startTicks: boundary(index), endTicks: index + 1 === segmentCount(timeline) ? total : boundary(index + 1) };
    const sampleCount = Math.ceil((ticks.endTicks - ticks.startTicks) / AAC_FRAME);
    const sizes = {
      firstMediaBytes: sampleBytes,
      mediaBytes: sampleBytes * sampleCount,
      sizeBytes: MOOF_BYTES + sampleBytes * sampleCount,
    };
    return aSegment(segmentName(index + 1), [aFragment({ ...ticks, ...sizes, sampleCount, syncCount: sampleCount })]);
  });
  return { id, codecs: "mp4a.40.2", timescale: sampleRate, initBytes: 600, sound: { channels, sampleRate }, segments };
}

/** The plan with the facts of a faultless output. */
export const aPresentation = (plan: EncodePlan): Presentation =>
  present(plan, [...plan.video.map((entry) => videoFacts(entry, plan)), ...plan.audio.map((entry) => audioFacts(entry, plan))]);
