import type { SegmentEntry } from "../support/playlist.ts";
import { averageOf, peakOf } from "./bandwidth.ts";
import type { IFrames, Published, Rendition } from "./published.ts";
import { edgesOf, frameSeconds } from "./published.ts";
import type { Rule } from "./rule.ts";
import { ROUNDING_SECONDS, shown, when } from "./rule.ts";
import { keyTimes, videos } from "./timing-rules.ts";

const WITHIN = 0.1;

/** Every video rendition has an I-frame playlist. */
function iFramesOfEach({ renditions, iFrames }: Published): readonly string[] {
  return videos(renditions).flatMap((rendition) =>
    when(!iFrames.some((entry) => entry.rendition === rendition), () => `${rendition.name} has no I-frame playlist`),
  );
}

const pairs = ({ iFrames }: Published): readonly { readonly entry: IFrames; readonly rendition: Rendition }[] =>
  iFrames.flatMap((entry) => (entry.rendition ? [{ entry, rendition: entry.rendition }] : []));

/** It lists every keyframe, each by a range from the head of a fragment to the end of the frame. */
function rangesHoldKeyframes(published: Published): readonly string[] {
  return pairs(published).flatMap(({ entry, rendition }) => {
    const keys = rendition.segments.flatMap(({ uri, bytes, samples }) =>
      samples.filter(({ isKeyframe }) => isKeyframe).map((sample) => ({ uri, bytes, sample })),
    );
    const { segments } = entry.playlist;
    if (segments.length !== keys.length) return [`${rendition.name}: ${segments.length} I frames, ${keys.length} keyframes`];
    return segments.flatMap((listed, index) => {
      const key = keys[index];
      return when(key === undefined || !holds(listed, key), () => `${rendition.name}: I frame ${index + 1} is not in its range`);
    });
  });
}

interface Key {
  readonly uri: string;
  readonly bytes: Buffer;
  readonly sample: { readonly offset: number; readonly sizeBytes: number };
}

function holds({ uri, range }: SegmentEntry, { uri: wanted, bytes, sample }: Key): boolean {
  if (!range || !wanted.endsWith(`/${uri}`)) return false;
  const isMoof = bytes.toString("latin1", range.offset + 4, range.offset + 8) === "moof";
  return isMoof && sample.offset >= range.offset && sample.offset + sample.sizeBytes <= range.offset + range.bytes;
}

/** Each lasts to the next one. */
function iFrameDurations(published: Published): readonly string[] {
  return pairs(published).flatMap(({ entry, rendition }) => {
    const edges = [...keyTimes(rendition), edgesOf(rendition).at(-1) ?? 0];
    return entry.playlist.segments.flatMap(({ seconds }, index) => {
      const lasts = (edges[index + 1] ?? 0) - (edges[index] ?? 0);
      const off = Math.abs(seconds - lasts) > frameSeconds(rendition) + ROUNDING_SECONDS;
      return when(off, () => `${rendition.name}: I frame ${index + 1} is listed with ${seconds} s, lasts ${shown(lasts)}`);
    });
  });
}

/** CODECS and RESOLUTION of the rendition, BANDWIDTH as measured over the ranges. */
function iFrameAttributes(published: Published): readonly string[] {
  return pairs(published).flatMap(({ entry: { attributes, playlist }, rendition }) => {
    const { width, height } = rendition.stream;
    const spans = playlist.segments.map(({ seconds, range }) => ({ seconds, bytes: range?.bytes ?? 0 }));
    const peak = peakOf(spans, playlist.targetDuration ?? 0);
    const declared = Number(attributes.get("BANDWIDTH"));
    return [
      ...when(attributes.get("CODECS") !== rendition.codec, () => `${rendition.name}: I frames' CODECS ${attributes.get("CODECS")}`),
      ...when(
        attributes.get("RESOLUTION") !== `${width}x${height}`,
        () => `${rendition.name}: I frames' RESOLUTION ${attributes.get("RESOLUTION")}`,
      ),
      ...when(
        !(declared >= averageOf(spans) && declared <= Math.max(peak, averageOf(spans)) * (1 + WITHIN)),
        () => `${rendition.name}: I frames' BANDWIDTH ${declared}, measured ${Math.round(peak)}`,
      ),
    ];
  });
}

/** Rules about trick play. */
export const I_FRAME_RULES: readonly Rule[] = [
  { id: "i-frames-of-each", source: "[6.1]", check: iFramesOfEach },
  { id: "ranges-hold-keyframes", source: "[6.2], RFC 8216 4.3.3.6", check: rangesHoldKeyframes },
  { id: "i-frame-durations", source: "RFC 8216 4.3.3.6", check: iFrameDurations },
  { id: "i-frame-attributes", source: "[6.9, 9.3, 9.4]", check: iFrameAttributes },
];
