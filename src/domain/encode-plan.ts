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
import type { Encryption } from "./encryption.ts";
import type { Content } from "./content.ts";
import type { Estimate } from "./estimate.ts";
import type { DroppedRung, VideoCodec } from "./ladder.ts";
import type { LoudnessTarget } from "./loudness.ts";
import type { PassThrough } from "./pass-through.ts";
import type { Source } from "./source.ts";
import type { Timeline } from "./timeline.ts";

/** What to encode, free of any engine: three compilers read it. */
export interface EncodePlan {
  readonly ladder: string;
  readonly source: Source;
  readonly timeline: Timeline;
  /** What the rungs were fitted to. */
  readonly content: Content;
  /** Part of the timeline to encode, for chunks; undefined means all of it. */
  readonly range?: TimeRange;
  /** Ascending by size, then in the ladder's order of codecs; empty for an audio-only source. */
  readonly video: readonly VideoRendition[];
  readonly audio: readonly AudioRendition[];
  /** Beside a video only; what lies in files of its own joins when the film is encoded. */
  readonly text: readonly EmbeddedText[];
  /** What the gains of `audio` are to reach; absent: sound keeps the source's level. */
  readonly loudness?: LoudnessTarget;
  readonly dropped: readonly DroppedRung[];
  /** Absent for sound alone. */
  readonly passThrough?: PassThrough;
  /** How picture and sound are protected; undefined means in clear. The key is the job's and never in the plan. */
  readonly encryption?: Encryption;
  readonly estimate: Estimate;
}

export interface TimeRange {
  readonly startSeconds: number;
  readonly endSeconds: number;
}

export interface VideoRendition {
  readonly kind: "video";
  /** Folder of the rendition in the revision: v<shortSide>[-<codec>]. */
  readonly id: string;
  readonly codec: VideoCodec;
  /** High is H.264's alone; the 8-bit 4:2:0 profile of HEVC and of AV1 is called Main as well. */
  readonly profile: "main" | "high";
  /** In the encoder's own words: a name of x264 and x265, a number of SVT-AV1. */
  readonly preset: string;
  readonly crf: number;
  readonly width: number;
  readonly height: number;
  readonly capBps: number;
  readonly bufferBits: number;
  /** The source's own packets, not encoded: profile, preset and CRF say nothing then. */
  readonly copied?: true;
}

export interface AudioRendition {
  readonly kind: "audio";
  /** Folder of the rendition in the revision: a-<language>[-<n>][-<channels>]. */
  readonly id: string;
  readonly codec: "aac";
  readonly sourceIndex: number;
  /** Stereo, or 5.1. */
  readonly channels: 2 | 6;
  readonly sampleRate: 48_000;
  readonly bitrateBps: number;
  readonly language: string;
  /** Unique within its group; what a player's menu shows. */
  readonly name: string;
  readonly isDefault: boolean;
  /** Renditions of one group have one channel layout and one bit rate. */
  readonly group: string;
  readonly delaySeconds: number;
  /** Applied to the whole rendition; absent: as loud as the source. */
  readonly gainDb?: number;
}

/** Subtitles, published as WebVTT. */
export interface TextRendition {
  readonly kind: "text";
  /** Folder of the rendition in the revision: t-<language>[-<n>]. */
  readonly id: string;
  readonly language: string;
  /** Unique among the text renditions; what a player's menu shows. */
  readonly name: string;
  readonly forced: boolean;
  /** For the deaf and hard of hearing. */
  readonly sdh?: true;
}

/** A text track inside the source. */
export interface EmbeddedText extends TextRendition {
  readonly sourceIndex: number;
}

export type Rendition = VideoRendition | AudioRendition;
