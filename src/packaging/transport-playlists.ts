import type { VideoRendition } from "../domain/encode-plan.ts";
import { toNumber } from "../domain/rational.ts";
import { averageBps, peakBps } from "./bandwidth.ts";
import type { Span } from "./facts.ts";
import { lines, seconds } from "./hls.ts";
import { TEXT_GROUP, textMedia } from "./hls-media.ts";
import { KEY_SUFFIXES } from "./key-playlists.ts";
import { startingNear } from "./multivariant.ts";
import type { Measured, Presentation } from "./presentation.ts";
import type { TransportLayout, TransportSegment, TransportStream } from "./transport.ts";

/** The playlist of a text rendition whose times are those of MPEG-TS. */
export const TRANSPORT_TEXT = "transport.m3u8";

/** Every playlist of the streams by its name inside the revision. */
export const transportPlaylists = ({ streams }: TransportLayout): ReadonlyMap<string, string> =>
  new Map(
    streams.flatMap(({ id, segments }) => {
      const [v3, v4, iFrame] = KEY_SUFFIXES;
      return [
        [id + v3, mediaPlaylist(segments, 3)],
        [id + v4, mediaPlaylist(segments, 4)],
        [id + iFrame, iFramePlaylist(segments)],
      ] as const;
    }),
  );

const head = (segments: readonly TransportSegment[], version: number): readonly string[] => [
  "#EXTM3U",
  `#EXT-X-VERSION:${version}`,
  `#EXT-X-TARGETDURATION:${targetOf(segments)}`,
  "#EXT-X-MEDIA-SEQUENCE:0",
  "#EXT-X-PLAYLIST-TYPE:VOD",
];

const targetOf = (segments: readonly Span[]): number => Math.max(1, ...segments.map((segment) => Math.round(segment.seconds)));

const mediaPlaylist = (segments: readonly TransportSegment[], version: number): string =>
  lines(
    head(segments, version),
    segments.flatMap(({ name, seconds: lasts }) => [`#EXTINF:${seconds(lasts)},`, name]),
    ["#EXT-X-ENDLIST"],
  );

/** One picture a segment, with the tables in front of it without which no picture is found (RFC 8216 4.3.3.6). */
const iFramePlaylist = (segments: readonly TransportSegment[]): string =>
  lines(
    [...head(segments, 4), "#EXT-X-I-FRAMES-ONLY"],
    segments.flatMap(({ name, seconds: lasts, iFrameBytes }) => [`#EXTINF:${seconds(lasts)},`, `#EXT-X-BYTERANGE:${iFrameBytes}@0`, name]),
    ["#EXT-X-ENDLIST"],
  );

/** The multivariant playlist over the streams, with text; the sound is inside them. `base` goes in front of every URI. */
export function transportMaster({ plan, video, audio, text }: Presentation, { streams }: TransportLayout, base: string): string {
  const main = audio.find(({ rendition }) => rendition.isDefault) ?? audio[0];
  const known = streams.flatMap((stream) => {
    const entry = video.find(({ rendition }) => rendition.id === stream.id);
    return entry ? [{ stream, entry }] : [];
  });
  const shared = [
    `FRAME-RATE=${toNumber(plan.timeline.frameRate).toFixed(3)}`,
    ...(text.length > 0 ? [`SUBTITLES="${TEXT_GROUP}"`] : []),
    "CLOSED-CAPTIONS=NONE",
  ];
  const variants = known.toReversed().map(({ stream, entry }) => ({
    ...variantOf(stream, entry, { codecs: main ? [main.facts.codecs] : [], shared }),
    uri: `${base}${stream.id}_v4.m3u8`,
  }));
  return lines(
    // Byte ranges and I-frame playlists (RFC 8216 7).
    ["#EXTM3U", "#EXT-X-VERSION:4", "#EXT-X-INDEPENDENT-SEGMENTS"],
    text.map(({ rendition }, index) => textMedia(rendition, text.slice(0, index), { base, playlist: TRANSPORT_TEXT })),
    startingNear(variants).flatMap(({ attributes, uri }) => [`#EXT-X-STREAM-INF:${attributes}`, uri]),
    known.toReversed().map(({ stream, entry }) => iFrameStream(stream, entry, base)),
  );
}

type Picture = Measured<VideoRendition>;

interface Shared {
  /** Of the sound. */
  readonly codecs: readonly string[];
  readonly shared: readonly string[];
}

function variantOf({ segments }: TransportStream, { rendition, facts }: Picture, { codecs, shared }: Shared) {
  const bandwidthBps = Math.ceil(peakBps(segments, targetOf(segments)));
  const attributes = [
    `BANDWIDTH=${bandwidthBps}`,
    `AVERAGE-BANDWIDTH=${Math.ceil(averageBps(segments))}`,
    `CODECS="${[facts.codecs, ...codecs].join(",")}"`,
    `RESOLUTION=${rendition.width}x${rendition.height}`,
    ...shared,
  ];
  return { bandwidthBps, attributes: attributes.join(",") };
}

function iFrameStream({ id, segments }: TransportStream, { rendition, facts }: Picture, base: string): string {
  const frames = segments.map(({ seconds: lasts, iFrameBytes }) => ({ seconds: lasts, bytes: iFrameBytes }));
  const attributes = [
    `BANDWIDTH=${Math.ceil(peakBps(frames, targetOf(frames)))}`,
    `AVERAGE-BANDWIDTH=${Math.ceil(averageBps(frames))}`,
    `CODECS="${facts.codecs}"`,
    `RESOLUTION=${rendition.width}x${rendition.height}`,
    `URI="${base}${id}_iframe.m3u8"`,
  ];
  return `#EXT-X-I-FRAME-STREAM-INF:${attributes.join(",")}`;
}
