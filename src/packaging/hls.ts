import type { Encryption } from "../domain/encryption.ts";
import type { Timeline } from "../domain/timeline.ts";
import { INIT_NAME } from "./compile.ts";
import type { RenditionFacts } from "./facts.ts";
import { segmentSpans } from "./facts.ts";
import { keyTag } from "./hls-key.ts";
import { iFrames } from "./i-frames.ts";
import { textPeriods } from "./text-playlist.ts";

/** Names of the playlists inside a rendition's folder. */
export const MEDIA_PLAYLIST = "index.m3u8";
export const I_FRAME_PLAYLIST = "iframes.m3u8";

/** EXT-X-MAP outside I-frame playlists needs 6; fragmented MP4 with all its rules is described by 7. */
export const HLS_VERSION = 7;

/** The parts of a playlist, a line each. */
export const lines = (...parts: readonly (string | readonly string[])[]): string => `${parts.flat().join("\n")}\n`;
/** Seconds as playlists write them. */
export const seconds = (value: number): string => value.toFixed(6).replace(/0{1,5}$/, "");

/** The media playlist of one rendition, from its measured segments (RFC 8216bis 4.4.3). */
export function mediaPlaylist(facts: RenditionFacts, target: number, encryption?: Encryption): string {
  const spans = segmentSpans(facts);
  return lines(
    ["#EXTM3U", `#EXT-X-VERSION:${HLS_VERSION}`, `#EXT-X-TARGETDURATION:${target}`, "#EXT-X-PLAYLIST-TYPE:VOD"],
    ["#EXT-X-INDEPENDENT-SEGMENTS", `#EXT-X-MAP:URI="${INIT_NAME}"`],
    keyTag(facts, encryption),
    facts.segments.flatMap(({ name }, index) => [`#EXTINF:${seconds(spans[index]?.seconds ?? 0)},`, name]),
    ["#EXT-X-ENDLIST"],
  );
}

/** The I-frame playlist of one video rendition: every IDR with its byte range. */
export function iFramePlaylist(facts: RenditionFacts, encryption?: Encryption): string {
  const frames = iFrames(facts);
  return lines(
    ["#EXTM3U", `#EXT-X-VERSION:${HLS_VERSION}`, `#EXT-X-TARGETDURATION:${iFrameTarget(facts)}`, "#EXT-X-PLAYLIST-TYPE:VOD"],
    ["#EXT-X-I-FRAMES-ONLY", `#EXT-X-MAP:URI="${INIT_NAME}"`],
    keyTag(facts, encryption),
    frames.flatMap((frame) => [`#EXTINF:${seconds(frame.seconds)},`, `#EXT-X-BYTERANGE:${frame.bytes}@${frame.offset}`, frame.segment]),
    ["#EXT-X-ENDLIST"],
  );
}

/** The media playlist of a text rendition: WebVTT segments on the grid of the others (RFC 8216bis 3.1.4); `folder` is where they are. */
export function textPlaylist(timeline: Timeline, target: number, folder = ""): string {
  return lines(
    ["#EXTM3U", `#EXT-X-VERSION:${HLS_VERSION}`, `#EXT-X-TARGETDURATION:${target}`, "#EXT-X-PLAYLIST-TYPE:VOD"],
    textPeriods(timeline).flatMap(({ name, startSeconds, endSeconds }) => [
      `#EXTINF:${seconds(endSeconds - startSeconds)},`,
      folder + name,
    ]),
    ["#EXT-X-ENDLIST"],
  );
}

/** TARGETDURATION of an I-frame playlist. */
export const iFrameTarget = (facts: RenditionFacts): number => Math.max(1, ...iFrames(facts).map((frame) => Math.round(frame.seconds)));
