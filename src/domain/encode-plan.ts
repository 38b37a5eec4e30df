/**
 * The words (RFC 8216bis, ISO 23009-1, ISO 23000-19); one word, one meaning:
 *   source      the probed input object
 *   ladder/rung the configured table / one row of it
 *   rendition   one encoded elementary output of a rung (video or audio)
 *   variant     an HLS Variant Stream: a video rendition + its audio group
 *   audio group HLS EXT-X-MEDIA group
 *   manifest    multivariant playlist or MPD, when either will do
 *   segment / init segment   media segment / EXT-X-MAP section
 *   chunk       a span of the source encoded by itself, a whole number of segments
 *   GOP         the frames between two IDRs
 *   engine      elastic-transcoder, mediaconvert, ffmpeg
 *   job, message, attempt, lease   unit of work, its SQS envelope, one try, the visibility window
 *   revision    one published set of objects of an asset, immutable
 *   settle      end a message: delete, retry, release, abandon
 */
import type { DroppedRung, Ladder } from "./ladder.ts";
import { selectRungs } from "./ladder.ts";
import type { Rational } from "./rational.ts";
import { rational, toNumber } from "./rational.ts";
import type { AudioTrack, Source, TextTrack, VideoTrack } from "./source.ts";
import type { Timeline } from "./timeline.ts";
import { audioTimeline, videoTimeline } from "./timeline.ts";

/** What to encode, free of any engine: three compilers read it. */
export interface EncodePlan {
  readonly ladder: string;
  readonly source: Source;
  readonly timeline: Timeline;
  /** Part of the timeline to encode, for chunks; undefined means all of it. */
  readonly range?: TimeRange;
  /** Ascending by size; empty for an audio-only source. */
  readonly video: readonly VideoRendition[];
  readonly audio: readonly AudioRendition[];
  /** Beside a video only. */
  readonly text: readonly TextRendition[];
  readonly dropped: readonly DroppedRung[];
}

export interface TimeRange {
  readonly startSeconds: number;
  readonly endSeconds: number;
}

export interface VideoRendition {
  readonly kind: "video";
  /** Folder of the rendition in the revision: v<shortSide>. */
  readonly id: string;
  readonly codec: "h264";
  readonly profile: "main" | "high";
  readonly preset: string;
  readonly crf: number;
  readonly width: number;
  readonly height: number;
  readonly capBps: number;
  readonly bufferBits: number;
}

export interface AudioRendition {
  readonly kind: "audio";
  /** Folder of the rendition in the revision: a-<language>[-<n>]. */
  readonly id: string;
  readonly codec: "aac";
  readonly sourceIndex: number;
  readonly channels: 1 | 2;
  readonly sampleRate: 48_000;
  readonly bitrateBps: number;
  readonly language: string;
  /** Unique within its group; what a player's menu shows. */
  readonly name: string;
  readonly isDefault: boolean;
  /** Renditions of one group carry the same tracks at one bit rate. */
  readonly group: string;
  readonly delaySeconds: number;
}

/** A text track of the source, published as WebVTT. */
export interface TextRendition {
  readonly kind: "text";
  /** Folder of the rendition in the revision: t-<language>[-<n>]. */
  readonly id: string;
  readonly sourceIndex: number;
  readonly language: string;
  /** Unique among the text renditions; what a player's menu shows. */
  readonly name: string;
  readonly forced: boolean;
}

export type Rendition = VideoRendition | AudioRendition;

/** Above this the frame rate is halved (HLS authoring rule 1.19). */
const MAX_FRAME_RATE = 60;
/** Below this, half a frame of rounding in each GOP adds up to more than the 0.5 s a segment may exceed its target by. */
const MIN_FRAME_RATE = 5;
const HIGH_PROFILE_FROM = 720;

/**
 * Decides what to encode for this source with this ladder. Pure and total over probed sources: every rung of the
 * ladder is either a rendition or among `dropped` with its reason.
 */
export function planEncode(source: Source, ladder: Ladder): EncodePlan {
  if (!source.video) {
    const timeline = audioTimeline(source, ladder);
    return {
      ladder: ladder.name,
      source,
      timeline,
      video: [],
      audio: audioOnly(source, ladder),
      text: [],
      dropped: ladder.rungs.map(({ shortSide }) => ({ shortSide, reason: "the source has no video" })),
    };
  }
  const frameRate = outputFrameRate(source.video);
  const timeline = videoTimeline(source.video, frameRate, ladder);
  const { rungs, dropped } = selectRungs(source.video, ladder, frameRate);
  const video = rungs.map((rung): VideoRendition => ({
    kind: "video",
    id: `v${rung.shortSide}`,
    codec: ladder.codec,
    profile: rung.shortSide >= HIGH_PROFILE_FROM ? "high" : "main",
    preset: ladder.preset,
    crf: ladder.crf,
    width: rung.width,
    height: rung.height,
    capBps: rung.capBps,
    bufferBits: 2 * rung.capBps,
  }));
  return {
    ladder: ladder.name,
    source,
    timeline,
    video,
    audio: audioGroup(source.audio, { bitrateBps: ladder.audioBps, group: "audio", step: 0 }),
    text: textRenditions(source.text),
    dropped,
  };
}

/** The source's rate, halved until players accept it, doubled until a whole number of frames fits the segment grid. */
export function outputFrameRate({ frameRate }: VideoTrack): Rational {
  let rate = frameRate;
  while (toNumber(rate) > MAX_FRAME_RATE + 0.06) rate = rational(rate.num, rate.den * 2);
  while (toNumber(rate) < MIN_FRAME_RATE) rate = rational(rate.num * 2, rate.den);
  return rate;
}

function audioOnly(source: Source, ladder: Ladder): AudioRendition[] {
  return ladder.audioOnlyBps.flatMap((bps, step) =>
    audioGroup(source.audio, { bitrateBps: bps, group: `audio-${Math.round(bps / 1000)}`, step }),
  );
}

/** `step` counts the bit rates of an audio-only ladder, so that ids stay unique. */
function audioGroup(
  tracks: readonly AudioTrack[],
  { bitrateBps, group, step }: { bitrateBps: number; group: string; step: number },
): AudioRendition[] {
  const preferred = Math.max(
    0,
    tracks.findIndex((track) => track.isDefault),
  );
  const names = uniqueNames(tracks, "Audio");
  return tracks.map((track, position) => ({
    kind: "audio",
    id: audioId(tracks, position, step),
    codec: "aac",
    sourceIndex: track.index,
    channels: track.channels === 1 ? 1 : 2,
    sampleRate: 48_000,
    bitrateBps: track.channels === 1 ? Math.round(bitrateBps / 2) : bitrateBps,
    language: track.language,
    name: names[position] ?? `Audio ${position + 1}`,
    isDefault: position === preferred,
    group,
    delaySeconds: track.startSeconds,
  }));
}

function textRenditions(tracks: readonly TextTrack[]): TextRendition[] {
  const names = uniqueNames(tracks, "Subtitles");
  return tracks.map(({ index, language, forced }, position) => ({
    kind: "text",
    id: withOrdinal(`t-${language}`, ordinalOf(tracks, position)),
    sourceIndex: index,
    language,
    name: names[position] ?? `Subtitles ${position + 1}`,
    forced,
  }));
}

function audioId(tracks: readonly AudioTrack[], position: number, step: number): string {
  const language = tracks[position]?.language ?? "und";
  const same = tracks.filter((track) => track.language === language).length;
  return withOrdinal(`a-${language}`, step * same + ordinalOf(tracks, position));
}

type Labelled = Pick<AudioTrack, "language" | "title">;

/** The how-manieth of its language a track is, from 1. */
const ordinalOf = (tracks: readonly Labelled[], position: number): number =>
  tracks.slice(0, position + 1).filter(({ language }) => language === tracks[position]?.language).length;

const withOrdinal = (base: string, ordinal: number): string => (ordinal === 1 ? base : `${base}-${ordinal}`);

function uniqueNames(tracks: readonly Labelled[], unknown: string): string[] {
  const seen = new Set<string>();
  return tracks.map(({ title, language }) => {
    const base = title ?? languageName(language, unknown);
    let name = base;
    for (let count = 2; seen.has(name); count += 1) name = `${base} (${count})`;
    seen.add(name);
    return name;
  });
}

function languageName(language: string, unknown: string): string {
  if (language === "und") return unknown;
  return new Intl.DisplayNames([language, "en"], { type: "language", fallback: "code" }).of(language) ?? language;
}
