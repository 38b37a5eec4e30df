import type { AudioRendition, TextRendition, VideoRendition } from "../domain/encode-plan.ts";
import type { Rational } from "../domain/rational.ts";
import { formatRational } from "../domain/rational.ts";
import type { Timeline } from "../domain/timeline.ts";
import { leakyBucketBps, peakBps, targetDuration } from "./bandwidth.ts";
import type { RenditionFacts } from "./facts.ts";
import { endSeconds, segmentSpans } from "./facts.ts";
import type { Measured, Presentation } from "./presentation.ts";
import type { Storyboard } from "./storyboard.ts";
import { STORYBOARD_FOLDER } from "./storyboard.ts";
import { WHOLE_TEXT } from "./text-playlist.ts";
import { element } from "./xml.ts";

/** Each player waits for this much before it starts: as little as the measured peaks allow. */
const BUFFER_CHOICES_SECONDS = [2, 3, 4, 6, 8, 12] as const;
/** Of the order of what sheets need; players fetch them apart from the media. */
const THUMBNAIL_BPS = 10_000;
const TEXT_BPS = 256;
/** The bucket is judged at the largest samples, not at every one. */
const BUCKET_MARGIN = 1.01;

/** The MPD of ISO/IEC 23009-1 over the same segments as the HLS playlists; `base` is the BaseURL ("r/<revision>/"). */
export function manifest(presentation: Presentation, base: string): string {
  const { video, audio } = presentation;
  const all = [...video, ...audio].map(({ facts }) => facts);
  const target = targetDuration(all);
  const buffer = bufferSeconds(all, target);
  const bandwidthOf = (facts: RenditionFacts): number =>
    Math.ceil(Math.max(peakBps(segmentSpans(facts), target), leakyBucketBps(facts, buffer) * BUCKET_MARGIN));
  const duration = endSeconds((video[0] ?? audio[0])?.facts ?? emptyFacts);
  const period = element("Period", { id: "0", start: "PT0S" }, [
    ...(video.length > 0 ? [videoSet(presentation, bandwidthOf)] : []),
    ...audioSets(audio, { firstId: 1, bandwidthOf }),
    ...presentation.text.map(({ rendition }, index) => textSet(rendition, FIRST_TEXT_ID + index)),
    ...(presentation.storyboard ? [imageSet(presentation.storyboard, presentation.plan.timeline)] : []),
  ]);
  const mpd = element(
    "MPD",
    {
      xmlns: "urn:mpeg:dash:schema:mpd:2011",
      profiles: "urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019",
      type: "static",
      mediaPresentationDuration: `PT${duration.toFixed(6).replace(/\.?0+$/, "")}S`,
      minBufferTime: `PT${buffer}S`,
    },
    [element("BaseURL", {}, base), period],
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${mpd}\n`;
}

const emptyFacts: RenditionFacts = { id: "", codecs: "", timescale: 1, initBytes: 0, segments: [] };

/** The shortest start-up buffer at which every representation's peak rate is also enough for the leaky bucket. */
function bufferSeconds(all: readonly RenditionFacts[], target: number): number {
  const holds = (seconds: number): boolean =>
    all.every((facts) => leakyBucketBps(facts, seconds) * BUCKET_MARGIN <= peakBps(segmentSpans(facts), target));
  return BUFFER_CHOICES_SECONDS.find(holds) ?? BUFFER_CHOICES_SECONDS[BUFFER_CHOICES_SECONDS.length - 1] ?? target;
}

const FIRST_TEXT_ID = 200;

/** One side-loaded file a track (DASH-IF IOP 6.4.5): dash.js stops at segmented raw WebVTT. */
function textSet({ id, language, name, forced }: TextRendition, setId: number): string {
  const representation = element("Representation", { id, bandwidth: TEXT_BPS }, [element("BaseURL", {}, `${id}/${WHOLE_TEXT}`)]);
  const attributes = { id: setId, contentType: "text", lang: language, mimeType: "text/vtt" };
  return element("AdaptationSet", attributes, [element("Label", {}, name), role(forced ? "forced-subtitle" : "subtitle"), representation]);
}

/** Thumbnails for seeking (DASH-IF IOP 6.2.6): every segment is a sheet of tiles. */
function imageSet(storyboard: Storyboard, { gopFrames, frameRate }: Timeline): string {
  const { columns, rows, everyKeyframes, tileWidth, tileHeight } = storyboard;
  const template = element("SegmentTemplate", {
    media: `${STORYBOARD_FOLDER}/$Number$.jpg`,
    timescale: frameRate.num,
    duration: everyKeyframes * gopFrames * frameRate.den * columns * rows,
    startNumber: 1,
  });
  const tiles = element("EssentialProperty", { schemeIdUri: "http://dashif.org/guidelines/thumbnail_tile", value: `${columns}x${rows}` });
  const size = { width: columns * tileWidth, height: rows * tileHeight };
  const representation = element("Representation", { id: STORYBOARD_FOLDER, bandwidth: THUMBNAIL_BPS, ...size }, [tiles]);
  return element("AdaptationSet", { id: 100, contentType: "image", mimeType: "image/jpeg" }, [template, representation]);
}

type BandwidthOf = (facts: RenditionFacts) => number;

function videoSet({ plan, video }: Presentation, bandwidthOf: BandwidthOf): string {
  const top = video.at(-1)?.rendition;
  const { frameRate } = plan.timeline;
  const attributes = {
    id: "0",
    contentType: "video",
    segmentAlignment: "true",
    startWithSAP: 1,
    maxWidth: top?.width,
    maxHeight: top?.height,
    maxFrameRate: formatRational(frameRate),
  };
  return element("AdaptationSet", attributes, [
    role("main"),
    ...video.toReversed().map((entry) => videoRepresentation(entry, frameRate, bandwidthOf)),
  ]);
}

function videoRepresentation({ rendition, facts }: Measured<VideoRendition>, frameRate: Rational, bandwidthOf: BandwidthOf): string {
  const { id, width, height } = rendition;
  const attributes = {
    id,
    bandwidth: bandwidthOf(facts),
    codecs: facts.codecs,
    mimeType: "video/mp4",
    width,
    height,
    frameRate: formatRational(frameRate),
    sar: "1:1",
  };
  return element("Representation", attributes, [segmentTemplate(facts)]);
}

/** One set per track of the source; renditions of the same track at several bit rates are its representations. */
function audioSets(
  audio: readonly Measured<AudioRendition>[],
  { firstId, bandwidthOf }: { firstId: number; bandwidthOf: BandwidthOf },
): string[] {
  const tracks = [...Map.groupBy(audio, ({ rendition }) => `${rendition.sourceIndex}:${rendition.channels}`).values()];
  return tracks.map((members, index) => {
    const [first] = members;
    const attributes = {
      id: firstId + index,
      contentType: "audio",
      lang: first?.rendition.language,
      segmentAlignment: "true",
      startWithSAP: 1,
    };
    const label = element("Label", {}, first?.rendition.name ?? "");
    const main = role(first?.rendition.isDefault ? "main" : "alternate");
    return element("AdaptationSet", attributes, [label, main, ...members.map((entry) => audioRepresentation(entry, bandwidthOf))]);
  });
}

function audioRepresentation({ rendition, facts }: Measured<AudioRendition>, bandwidthOf: BandwidthOf): string {
  const { id, sampleRate, channels } = rendition;
  const attributes = {
    id,
    bandwidth: bandwidthOf(facts),
    codecs: facts.codecs,
    mimeType: "audio/mp4",
    audioSamplingRate: facts.sound?.sampleRate ?? sampleRate,
  };
  const scheme = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011";
  const configuration = element("AudioChannelConfiguration", { schemeIdUri: scheme, value: facts.sound?.channels ?? channels });
  return element("Representation", attributes, [configuration, segmentTemplate(facts)]);
}

const role = (value: string): string => element("Role", { schemeIdUri: "urn:mpeg:dash:role:2011", value });

/** Times are presentation times, as the edit list leaves them; what it hides before zero is not listed. */
function segmentTemplate({ segments, timescale }: RenditionFacts): string {
  const starts = segments.map(({ startTicks }) => Math.max(0, startTicks));
  const durations = segments.map(({ endTicks }, index) => (starts[index + 1] ?? endTicks) - (starts[index] ?? 0));
  const runs: { start: number; duration: number; repeats: number }[] = [];
  for (const [index, duration] of durations.entries()) {
    const last = runs.at(-1);
    if (last?.duration === duration) last.repeats += 1;
    else runs.push({ start: starts[index] ?? 0, duration, repeats: 0 });
  }
  const timeline = runs.map(({ start, duration, repeats }) =>
    element("S", { t: start, d: duration, r: repeats > 0 ? repeats : undefined }),
  );
  const attributes = {
    timescale,
    startNumber: 1,
    initialization: "$RepresentationID$/init.mp4",
    media: "$RepresentationID$/$Number%05d$.m4s",
  };
  return element("SegmentTemplate", attributes, [element("SegmentTimeline", {}, timeline)]);
}
