import type { AudioRendition } from "./encode-plan.ts";

/** How loud published sound is (ITU-R BS.1770). */
export interface LoudnessTarget {
  /** Integrated loudness. */
  readonly targetLufs: number;
  /** Highest true peak that a gain may lead to. */
  readonly truePeakDbtp: number;
}

/** What a meter reads of a whole rendition. */
export interface Loudness {
  readonly integratedLufs: number;
  readonly truePeakDbtp: number;
}

/** The absolute gate of BS.1770: a meter that heard nothing above it reads this. */
const SILENCE_LUFS = -70;
/** AAC at 128 kb/s puts peaks back where a limit has just cut them off. */
const CODEC_OVERSHOOT_DB = 0.5;

/**
 * The one gain that brings a rendition to the target, as far as its peaks allow: dynamics are the mixer's, so a track with
 * high peaks stays quieter than the target rather than being compressed. Undefined for silence, which has no level.
 */
export function gainFor({ integratedLufs, truePeakDbtp }: Loudness, target: LoudnessTarget): number | undefined {
  if (integratedLufs <= SILENCE_LUFS) return undefined;
  const wanted = target.targetLufs - integratedLufs;
  const room = target.truePeakDbtp - CODEC_OVERSHOOT_DB - truePeakDbtp;
  return Math.round(Math.min(wanted, room) * 100) / 100;
}

/** Names what renditions that differ in bit rate alone have in common: one track in one channel layout. */
export const soundKey = ({ sourceIndex, channels }: AudioRendition): string => `${sourceIndex}-${channels}`;

/** The renditions with the gains that their sounds need, by `soundKey`; those of silent or unmeasured sounds as they are. */
export const levelled = (
  audio: readonly AudioRendition[],
  measured: ReadonlyMap<string, Loudness>,
  target: LoudnessTarget,
): AudioRendition[] =>
  audio.map((rendition) => {
    const loudness = measured.get(soundKey(rendition));
    const gainDb = loudness && gainFor(loudness, target);
    return { ...rendition, ...(gainDb === undefined ? {} : { gainDb }) };
  });
