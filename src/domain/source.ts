import type { Rational } from "./rational.ts";

/** A source as ffprobe and a pass over its packets describe it: measured, not believed. All times in seconds. */
export interface Source {
  /** ffmpeg's demuxer name, e.g. "mov,mp4,m4a,3gp,3g2,mj2". */
  readonly container: string;
  readonly sizeBytes: number;
  /** Span of the main track (video if there is one), from packet times. */
  readonly durationSeconds: number;
  /** What ffmpeg subtracts from every timestamp: the container's start time. */
  readonly startSeconds: number;
  readonly video?: VideoTrack;
  readonly audio: readonly AudioTrack[];
  readonly text: readonly TextTrack[];
  /** Streams left aside, and why (attached pictures, data, second video…). */
  readonly ignored: readonly string[];
  /** Defects below the rejection threshold; published as `degraded`. */
  readonly defects: readonly string[];
}

export interface VideoTrack {
  /** ffmpeg's stream index in the file. */
  readonly index: number;
  readonly codec: string;
  readonly codedWidth: number;
  readonly codedHeight: number;
  /** Clockwise degrees a player turns the picture by. */
  readonly rotation: 0 | 90 | 180 | 270;
  /** Left and right change places after the rotation: a front camera's matrix. */
  readonly mirrored?: true;
  readonly sampleAspect: Rational;
  /** Upright size in square pixels, rounded to whole pixels. */
  readonly displayWidth: number;
  readonly displayHeight: number;
  /** Exact display width / height. */
  readonly displayAspect: Rational;
  readonly frameRate: Rational;
  readonly variableFrameRate: boolean;
  readonly interlaced: boolean;
  /** Measured, where the source does not declare its fields; decoders flag declared ones frame by frame. */
  readonly firstField?: "top" | "bottom";
  readonly hdr?: "PQ" | "HLG";
  readonly colour: Colour;
  readonly pixelFormat: string;
  readonly startSeconds: number;
  readonly durationSeconds: number;
  readonly frameCount: number;
  readonly bitrateBps: number;
  /** Measured of H.264 in MP4 alone. */
  readonly keyframeGrid?: KeyframeGrid;
  /** Longest time from one keyframe to the next or to the end; undefined when it was not measured. */
  readonly longestGopSeconds?: number;
}

/** Whether every GOP of a track is closed and lasts as long as the first, and its frames are evenly spaced; or why not. */
export type KeyframeGrid =
  | {
      readonly kind: "constant";
      /** All of them when the track is one GOP. */
      readonly gopFrames: number;
      /** The most over any run of whole GOPs that comes closest to six seconds. */
      readonly peakBps: number;
    }
  | { readonly kind: "none"; readonly reason: string };

export interface Colour {
  readonly fullRange: boolean;
  /** The matrix the samples are in: BT.709, BT.601 or BT.2020 (guessed from the size when untagged), or none: RGB. */
  readonly matrix: "bt709" | "bt601" | "bt2020" | "rgb";
}

export interface AudioTrack {
  readonly index: number;
  readonly codec: string;
  /** The most it has, when that changes. */
  readonly channels: number;
  /** The channel layout changes on the way. */
  readonly changesLayout?: true;
  readonly sampleRate: number;
  /** BCP 47; "und" when unknown. */
  readonly language: string;
  /** Sanitised for manifests; undefined when the source has none. */
  readonly title?: string;
  readonly isDefault: boolean;
  readonly startSeconds: number;
  readonly durationSeconds: number;
}

export interface TextTrack {
  readonly index: number;
  readonly codec: string;
  readonly language: string;
  readonly title?: string;
  readonly forced: boolean;
}
