import type { AudioRendition, TextRendition, VideoRendition } from "../domain/encode-plan.ts";
import { toNumber } from "../domain/rational.ts";
import type { Timeline } from "../domain/timeline.ts";
import { averageBps, peakBps, targetDuration } from "./bandwidth.ts";
import { INIT_NAME } from "./compile.ts";
import type { RenditionFacts } from "./facts.ts";
import { segmentSpans } from "./facts.ts";
import { iFrames } from "./i-frames.ts";
import type { Measured, Presentation, WrittenText } from "./presentation.ts";
import { textPeriods } from "./text-playlist.ts";

/** Names of the playlists inside a rendition's folder. */
export const MEDIA_PLAYLIST = "index.m3u8";
export const I_FRAME_PLAYLIST = "iframes.m3u8";

/** EXT-X-MAP outside I-frame playlists needs 6; fragmented MP4 with all its rules is described by 7. */
const VERSION = 7;
/** HLS authoring rule 9.x: start about here, then let the player measure. */
const FIRST_VARIANT_BPS = 2_000_000;

const lines = (...parts: readonly (string | readonly string[])[]): string => `${parts.flat().join("\n")}\n`;
const seconds = (value: number): string => value.toFixed(6).replace(/0{1,5}$/, "");

/** The media playlist of one rendition, from its measured segments (RFC 8216bis 4.4.3). */
export function mediaPlaylist(facts: RenditionFacts, target: number): string {
  const spans = segmentSpans(facts);
  return lines(
    ["#EXTM3U", `#EXT-X-VERSION:${VERSION}`, `#EXT-X-TARGETDURATION:${target}`, "#EXT-X-PLAYLIST-TYPE:VOD"],
    ["#EXT-X-INDEPENDENT-SEGMENTS", `#EXT-X-MAP:URI="${INIT_NAME}"`],
    facts.segments.flatMap(({ name }, index) => [`#EXTINF:${seconds(spans[index]?.seconds ?? 0)},`, name]),
    ["#EXT-X-ENDLIST"],
  );
}

/** The I-frame playlist of one video rendition: every IDR with its byte range. */
export function iFramePlaylist(facts: RenditionFacts): string {
  const frames = iFrames(facts);
  return lines(
    ["#EXTM3U", `#EXT-X-VERSION:${VERSION}`, `#EXT-X-TARGETDURATION:${iFrameTarget(facts)}`, "#EXT-X-PLAYLIST-TYPE:VOD"],
    ["#EXT-X-I-FRAMES-ONLY", `#EXT-X-MAP:URI="${INIT_NAME}"`],
    frames.flatMap((frame) => [`#EXTINF:${seconds(frame.seconds)},`, `#EXT-X-BYTERANGE:${frame.bytes}@${frame.offset}`, frame.segment]),
    ["#EXT-X-ENDLIST"],
  );
}

/** The media playlist of a text rendition: WebVTT segments on the grid of the others (RFC 8216bis 3.1.4). */
export function textPlaylist(timeline: Timeline, target: number): string {
  return lines(
    ["#EXTM3U", `#EXT-X-VERSION:${VERSION}`, `#EXT-X-TARGETDURATION:${target}`, "#EXT-X-PLAYLIST-TYPE:VOD"],
    textPeriods(timeline).flatMap(({ name, startSeconds, endSeconds }) => [`#EXTINF:${seconds(endSeconds - startSeconds)},`, name]),
    ["#EXT-X-ENDLIST"],
  );
}

const iFrameTarget = (facts: RenditionFacts): number => Math.max(1, ...iFrames(facts).map((frame) => Math.round(frame.seconds)));

/** The multivariant playlist; `base` goes in front of every URI ("r/<revision>/"). */
export function multivariantPlaylist(presentation: Presentation, base: string): string {
  const { video, audio, text } = presentation;
  const variants = video.length > 0 ? videoVariants(presentation, base) : audioVariants(presentation, base);
  return lines(
    ["#EXTM3U", `#EXT-X-VERSION:${VERSION}`, "#EXT-X-INDEPENDENT-SEGMENTS"],
    audio.map((entry) => audioMedia(entry, audio, base)),
    text.map(({ rendition }, index) => textMedia(rendition, text.slice(0, index), base)),
    startingNear(FIRST_VARIANT_BPS, variants).flatMap(({ attributes, uri }) => [`#EXT-X-STREAM-INF:${attributes}`, uri]),
    video.toReversed().map((entry) => iFrameStream(entry, base)),
  );
}

interface Variant {
  readonly bandwidthBps: number;
  readonly attributes: string;
  readonly uri: string;
}

function videoVariants({ plan, video, audio, text }: Presentation, base: string): Variant[] {
  const target = targetOf({ video, audio });
  return video.toReversed().map(({ rendition, facts }) => {
    const rates = combinedRates(
      [facts],
      audio.map((entry) => entry.facts),
      target,
    );
    const attributes = [
      ...rateAttributes(rates),
      `CODECS="${[facts.codecs, ...new Set(audio.map((entry) => entry.facts.codecs))].join(",")}"`,
      `RESOLUTION=${rendition.width}x${rendition.height}`,
      `FRAME-RATE=${toNumber(plan.timeline.frameRate).toFixed(3)}`,
      "VIDEO-RANGE=SDR",
      ...(audio[0] ? [`AUDIO="${audio[0].rendition.group}"`] : []),
      ...(text.length > 0 ? [`SUBTITLES="${TEXT_GROUP}"`] : []),
      "CLOSED-CAPTIONS=NONE",
    ];
    return { bandwidthBps: rates.peak, attributes: attributes.join(","), uri: `${base}${rendition.id}/${MEDIA_PLAYLIST}` };
  });
}

/** Sound alone: one variant per audio group, whose URI is the group's default rendition. */
function audioVariants({ audio }: Presentation, base: string): Variant[] {
  const target = targetOf({ video: [], audio });
  return [...Map.groupBy(audio, ({ rendition }) => rendition.group)].flatMap(([group, members]) => {
    const main = members.find(({ rendition }) => rendition.isDefault);
    if (!main) return [];
    const rates = combinedRates(
      [],
      members.map(({ facts }) => facts),
      target,
    );
    const attributes = [...rateAttributes(rates), `CODECS="${main.facts.codecs}"`, `AUDIO="${group}"`].join(",");
    return [{ bandwidthBps: rates.peak, attributes, uri: `${base}${main.rendition.id}/${MEDIA_PLAYLIST}` }];
  });
}

interface Rates {
  readonly peak: number;
  readonly average: number;
}

/** The video's figure plus that of the group's largest audio (HLS authoring rule 9.13). */
function combinedRates(own: readonly RenditionFacts[], group: readonly RenditionFacts[], target: number): Rates {
  const largest = (measure: (facts: RenditionFacts) => number): number =>
    Math.max(0, ...own.map(measure)) + Math.max(0, ...group.map(measure));
  return {
    peak: Math.ceil(largest((facts) => peakBps(segmentSpans(facts), target))),
    average: Math.ceil(largest((facts) => averageBps(segmentSpans(facts)))),
  };
}

const rateAttributes = ({ peak, average }: Rates): string[] => [`BANDWIDTH=${peak}`, `AVERAGE-BANDWIDTH=${average}`];

const targetOf = ({ video, audio }: Pick<Presentation, "video" | "audio">): number =>
  targetDuration([...video, ...audio].map(({ facts }) => facts));

/** AUTOSELECT for one member of each language in a group, the default if it is of that language: members that can be chosen automatically must differ. */
function audioMedia({ rendition, facts }: Measured<AudioRendition>, all: readonly Measured<AudioRendition>[], base: string): string {
  const alike = all
    .map((entry) => entry.rendition)
    .filter(({ group, language }) => group === rendition.group && language === rendition.language);
  const automatic = alike.find(({ isDefault }) => isDefault) ?? alike[0];
  const attributes = [
    "TYPE=AUDIO",
    `GROUP-ID="${rendition.group}"`,
    `NAME="${rendition.name}"`,
    `LANGUAGE="${rendition.language}"`,
    `DEFAULT=${rendition.isDefault ? "YES" : "NO"}`,
    `AUTOSELECT=${automatic === rendition ? "YES" : "NO"}`,
    `CHANNELS="${facts.sound?.channels ?? rendition.channels}"`,
    `URI="${base}${rendition.id}/${MEDIA_PLAYLIST}"`,
  ];
  return `#EXT-X-MEDIA:${attributes.join(",")}`;
}

const TEXT_GROUP = "text";

function textMedia({ id, name, language, forced }: TextRendition, before: readonly WrittenText[], base: string): string {
  const repeats = before.some(({ rendition }) => rendition.language === language && rendition.forced === forced);
  const attributes = [
    "TYPE=SUBTITLES",
    `GROUP-ID="${TEXT_GROUP}"`,
    `NAME="${name}"`,
    `LANGUAGE="${language}"`,
    "DEFAULT=NO",
    `AUTOSELECT=${repeats ? "NO" : "YES"}`,
    `FORCED=${forced ? "YES" : "NO"}`,
    `URI="${base}${id}/${MEDIA_PLAYLIST}"`,
  ];
  return `#EXT-X-MEDIA:${attributes.join(",")}`;
}

function iFrameStream({ rendition, facts }: Measured<VideoRendition>, base: string): string {
  const frames = iFrames(facts);
  const rates = { peak: Math.ceil(peakBps(frames, iFrameTarget(facts))), average: Math.ceil(averageBps(frames)) };
  const attributes = [
    ...rateAttributes(rates),
    `CODECS="${facts.codecs}"`,
    `RESOLUTION=${rendition.width}x${rendition.height}`,
    "VIDEO-RANGE=SDR",
    `URI="${base}${rendition.id}/${I_FRAME_PLAYLIST}"`,
  ];
  return `#EXT-X-I-FRAME-STREAM-INF:${attributes.join(",")}`;
}

/** Players begin with the first one listed. */
function startingNear(bps: number, variants: readonly Variant[]): Variant[] {
  const distance = ({ bandwidthBps }: Variant): number => Math.abs(Math.log(bandwidthBps / bps));
  const first = variants.toSorted((a, b) => distance(a) - distance(b))[0];
  return first ? [first, ...variants.filter((variant) => variant !== first)] : [];
}
