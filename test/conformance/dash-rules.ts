import type { Representation } from "../support/mpd.ts";
import { leakyBucketOf, peakOf, spansOf } from "./bandwidth.ts";
import type { Published, Rendition } from "./published.ts";
import { edgesOf, frameSeconds } from "./published.ts";
import type { Rule } from "./rule.ts";
import { ROUNDING_SECONDS, shown, when } from "./rule.ts";

/** A declared rate may be this much above what is needed. */
const GENEROUS = 1.6;

interface Pair {
  readonly representation: Representation;
  readonly rendition: Rendition;
}

/** Representations beside the HLS renditions whose segments they name. */
function pairs({ mpd, mpdUrl, renditions }: Published): readonly Pair[] {
  const base = new URL(mpd.baseUrl, mpdUrl).href;
  return mpd.representations.flatMap((representation) => {
    const files = new Set(representation.files.map((file) => new URL(file, base).href));
    const rendition = renditions.find(({ segments }) => segments.some(({ uri }) => files.has(uri)));
    return rendition ? [{ representation, rendition }] : [];
  });
}

/** HLS and DASH name the same segments of the same renditions. */
function sameSegments(published: Published): readonly string[] {
  const { mpd, mpdUrl, renditions } = published;
  const base = new URL(mpd.baseUrl, mpdUrl).href;
  const found = pairs(published);
  return renditions.flatMap((rendition) => {
    const representation = found.find((pair) => pair.rendition === rendition)?.representation;
    if (!representation) return [`${rendition.name} is not in the MPD`];
    const named = new Set(representation.files.map((file) => new URL(file, base).href));
    const missing = rendition.segments.filter(({ uri }) => !named.has(uri)).length;
    const extra = named.size - rendition.segments.length - 1;
    return when(missing > 0 || extra !== 0, () => `${rendition.name}: ${missing} segments are only in HLS, ${extra} only in DASH`);
  });
}

/** The SegmentTimeline says when each segment is shown; ffprobe counts a last frame of sound whole that is cut. */
function timelineOfMedia(published: Published): readonly string[] {
  return pairs(published).flatMap(({ representation: { id, edgesSeconds }, rendition }) => {
    const edges = edgesOf(rendition);
    const tolerance = frameSeconds(rendition) / (rendition.kind === "video" ? 2 : 1) + ROUNDING_SECONDS;
    const off = edges.findIndex((edge, index) => Math.abs(edge - (edgesSeconds[index] ?? Infinity)) > tolerance);
    return when(
      off >= 0,
      () => `${id}: edge ${off + 1} is at ${shown(edges[off] ?? 0)}, listed at ${shown(edgesSeconds[off] ?? Number.NaN)}`,
    );
  });
}

function presentationDuration({ mpd, renditions }: Published): readonly string[] {
  const ends = renditions.map((rendition) => edgesOf(rendition).at(-1) ?? 0);
  const tolerance = Math.max(...renditions.map(frameSeconds)) + ROUNDING_SECONDS;
  const holds = ends.every((end) => Math.abs(end - mpd.durationSeconds) <= tolerance);
  return when(!holds, () => `mediaPresentationDuration ${mpd.durationSeconds}, media end at ${ends.map(shown).join(", ")}`);
}

/** What every set and representation must say. */
function mpdAttributes(published: Published): readonly string[] {
  const { mpd } = published;
  return [
    ...when(!(mpd.minBufferSeconds !== undefined && mpd.minBufferSeconds > 0), () => "no minBufferTime"),
    ...when(!mpd.profiles.includes("urn:mpeg:dash:profile:isoff-live:2011"), () => `profiles ${mpd.profiles}`),
    ...pairs(published).flatMap(({ representation: { id, attribute, hasChannelConfiguration, language }, rendition }) => [
      ...when(attribute("segmentAlignment") !== "true", () => `${id}: no segmentAlignment`),
      ...when(attribute("startWithSAP") !== "1", () => `${id}: startWithSAP ${attribute("startWithSAP")}`),
      ...when(attribute("codecs") !== rendition.codec, () => `${id}: codecs ${attribute("codecs")}, sample entry ${rendition.codec}`),
      ...when(rendition.kind === "audio" && (language === undefined || !hasChannelConfiguration), () => `${id}: no language or channels`),
      ...when(
        rendition.kind === "video" &&
          (attribute("width") !== String(rendition.stream.width) || attribute("height") !== String(rendition.stream.height)),
        () => `${id}: wrong size`,
      ),
    ]),
  ];
}

/** With minBufferTime as start-up delay, \@bandwidth is enough to play without a stall from any segment. */
function leakyBucket(published: Published): readonly string[] {
  const buffer = published.mpd.minBufferSeconds ?? 0;
  return pairs(published).flatMap(({ representation: { id, attribute }, rendition }) => {
    const declared = Number(attribute("bandwidth"));
    const needed = leakyBucketOf(rendition, buffer);
    const most = Math.max(needed, peakOf(spansOf(rendition), rendition.playlist.targetDuration ?? 0)) * GENEROUS;
    return when(!(declared >= needed && declared <= most), () => `${id}: bandwidth ${declared}, needs ${Math.round(needed)}`);
  });
}

/** Rules about the MPD. */
export const DASH_RULES: readonly Rule[] = [
  { id: "same-segments", source: "ISO/IEC 23000-19 6.4", check: sameSegments },
  { id: "timeline-of-media", source: "ISO/IEC 23009-1 5.3.9.6", check: timelineOfMedia },
  { id: "presentation-duration", source: "ISO/IEC 23009-1 5.3.1.2", check: presentationDuration },
  { id: "mpd-attributes", source: "ISO/IEC 23009-1 5.3.3, 5.3.5, DASH-IF IOP 3.2", check: mpdAttributes },
  { id: "leaky-bucket", source: "ISO/IEC 23009-1 5.3.5.4", check: leakyBucket },
];
