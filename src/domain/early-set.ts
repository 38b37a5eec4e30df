import type { EncodePlan, VideoRendition } from "./encode-plan.ts";
import { segmentCount } from "./timeline.ts";

/** What every connection carries, and what is decoded everywhere. */
const MAX_EARLY_BPS = 2_000_000;
const EARLY_RUNGS = 2;
/** Shorter than this and all of it is there soon enough. */
const MIN_SEGMENTS = 4;

/** A plan in two parts, on one timeline: what is published early, and the pictures that follow. */
export interface EarlySplit {
  readonly early: EncodePlan;
  readonly rest: EncodePlan;
}

/**
 * The smallest two rungs in H.264 with all of the sound and text, and the rest; undefined when the source is short or
 * nothing much would be left to follow. Pure.
 */
export function splitEarly(plan: EncodePlan): EarlySplit | undefined {
  const small = plan.video.filter(isSmall).slice(0, EARLY_RUNGS);
  const isWorthIt = small.length === EARLY_RUNGS && plan.video.length > EARLY_RUNGS && segmentCount(plan.timeline) >= MIN_SEGMENTS;
  if (!isWorthIt) return undefined;
  const ids = new Set(small.map(({ id }) => id));
  return {
    early: { ...plan, video: small },
    rest: { ...plan, video: plan.video.filter(({ id }) => !ids.has(id)), audio: [], text: [] },
  };
}

const isSmall = ({ codec, capBps, copied }: VideoRendition): boolean => codec === "h264" && capBps <= MAX_EARLY_BPS && !copied;
