import type { LadderEncryption } from "./encryption.ts";
import type { LoudnessTarget } from "./loudness.ts";
import type { Rational } from "./rational.ts";
import { toNumber } from "./rational.ts";
import type { VideoTrack } from "./source.ts";

/** A rung as configured: chosen by the short side of the display picture. */
export interface Rung {
  readonly shortSide: number;
  /** Peak video bit rate up to 30 fps. */
  readonly capBps: number;
}

/** What the rungs may be encoded in; H.264 first, since every player has it. */
export const VIDEO_CODECS = ["h264", "hevc", "av1"] as const;
export type VideoCodec = (typeof VIDEO_CODECS)[number];

/** How one codec of a ladder is run. */
export type CodecSettings =
  | { readonly codec: "h264"; readonly preset: string; readonly crf: number }
  | { readonly codec: "hevc"; readonly preset: string; readonly crf: number; readonly capFactor: number }
  | { readonly codec: "av1"; readonly preset: number; readonly crf: number; readonly capFactor: number };

/** A rung's caps are H.264's: this much of them gives the same picture in another codec. */
export const capFactorOf = (settings: CodecSettings): number => (settings.codec === "h264" ? 1 : settings.capFactor);

/** The configured table: data from config/ladders, checked by schema. */
export interface Ladder {
  readonly name: string;
  /** At least one; H.264 is always among them. */
  readonly codecs: readonly CodecSettings[];
  /** Ascending by short side. */
  readonly rungs: readonly Rung[];
  /** Caps are multiplied by this above 30 fps. */
  readonly highFrameRateFactor: number;
  readonly gopSeconds: number;
  readonly gopsPerSegment: number;
  /** Of a stereo rendition. */
  readonly audioBps: number;
  /** Of a 5.1 rendition. */
  readonly surroundBps: number;
  /** For sources without video: one variant each. */
  readonly audioOnlyBps: readonly number[];
  /** Whether a source that meets every rule of its rung is published as that rung, not encoded again. */
  readonly passThrough: boolean;
  /** Picture and sound are published under Common Encryption; in clear without it. */
  readonly encryption?: LadderEncryption;
  /** Absent: sound keeps the source's level. */
  readonly loudness?: LoudnessTarget;
  /** Whether the rungs follow what the source's content needs (src/domain/content.ts). */
  readonly perTitle: boolean;
}

/** A rung fitted to one source. */
export interface FittedRung {
  readonly shortSide: number;
  readonly width: number;
  readonly height: number;
  readonly capBps: number;
}

export interface DroppedRung {
  readonly shortSide: number;
  readonly reason: string;
}

export interface RungSelection {
  /** Ascending; at least one. */
  readonly rungs: readonly FittedRung[];
  readonly dropped: readonly DroppedRung[];
}

/** Two rungs closer than this are one picture paid for twice. */
const REDUNDANT_WITHIN = 0.05;
const MIN_CAP_BPS = 100_000;
const ROUNDING = 1e-6;

const even = (value: number): number => Math.max(2, 2 * Math.round(value / 2));
const evenFloor = (value: number): number => Math.max(2, 2 * Math.floor(value / 2));

/**
 * The rungs worth encoding for this picture: never above it, the top one at its own size when that falls between two
 * rungs, even dimensions with the aspect kept within one pixel (MEDIA.md, source rules).
 */
export function selectRungs(video: VideoTrack, ladder: Ladder, frameRate: Rational): RungSelection {
  const own = evenFloor(Math.min(video.displayWidth, video.displayHeight));
  const factor = toNumber(frameRate) > 30.5 ? ladder.highFrameRateFactor : 1;
  const largest = ladder.rungs.at(-1)?.shortSide ?? own;
  const top = Math.min(own, largest);
  const dropped: DroppedRung[] = [];
  const sides: number[] = [];
  for (const { shortSide } of ladder.rungs) {
    if (shortSide > own) dropped.push({ shortSide, reason: `above the source (${own})` });
    else if (shortSide !== top && shortSide > top * (1 - REDUNDANT_WITHIN)) {
      dropped.push({ shortSide, reason: `within ${REDUNDANT_WITHIN * 100} % of the source's own size (${top})` });
    } else if (shortSide !== top) sides.push(shortSide);
  }
  sides.push(top);
  return { rungs: sides.map((side) => fitRung(side, video, Math.round(capFor(side, ladder) * factor))), dropped };
}

function fitRung(shortSide: number, { displayAspect, displayWidth, displayHeight }: VideoTrack, capBps: number): FittedRung {
  const aspect = toNumber(displayAspect);
  const ratio = Math.max(aspect, 1 / aspect);
  // 853 becomes 852, not 854; but 853.33 square pixels of an anamorphic picture are whole at 854.
  const own = Math.max(displayWidth, displayHeight, Math.min(displayWidth, displayHeight) * ratio - ROUNDING);
  const longSide = Math.min(even(shortSide * ratio), evenFloor(Math.ceil(own)));
  return aspect >= 1
    ? { shortSide, height: shortSide, width: longSide, capBps }
    : { shortSide, width: shortSide, height: longSide, capBps };
}

/** The rung's own cap, or for a size between rungs a cap in proportion to its area. */
function capFor(shortSide: number, { rungs }: Ladder): number {
  const above = rungs.find((rung) => rung.shortSide >= shortSide);
  const below = rungs.findLast((rung) => rung.shortSide <= shortSide);
  if (above && below) {
    const span = above.shortSide ** 2 - below.shortSide ** 2;
    const share = span === 0 ? 0 : (shortSide ** 2 - below.shortSide ** 2) / span;
    return below.capBps + (above.capBps - below.capBps) * share;
  }
  const nearest = above ?? below;
  return nearest ? Math.max(MIN_CAP_BPS, nearest.capBps * Math.min(1, (shortSide / nearest.shortSide) ** 2)) : MIN_CAP_BPS;
}
