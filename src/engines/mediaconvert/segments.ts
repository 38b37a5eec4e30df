import { gopSeconds, segmentSeconds } from "../../domain/timeline.ts";
import type { Timeline } from "../../domain/timeline.ts";

/** Whole seconds, as the service wants them. */
export interface SegmentLengths {
  readonly segmentSeconds: number;
  readonly fragmentSeconds: number;
}

/** Float noise of a quotient of frames. */
const EPSILON = 1e-6;

/**
 * The lengths that make the service cut on the timeline's grid. It takes whole seconds and, with GOP_MULTIPLE, rounds a
 * segment up to the next GOP: any whole number that is longer than all GOPs of a segment but one, and no longer than all of
 * them, gives exactly that many. A fragment is one GOP, which must be whole seconds within half a frame: the service wants a
 * multiple of the GOP. Undefined when there is no such length.
 */
export function videoLengths(timeline: Timeline): SegmentLengths | undefined {
  const whole = segmentSeconds(timeline);
  const withoutLast = whole - gopSeconds(timeline);
  const longest = Math.floor(whole + EPSILON);
  if (longest < 1 || longest <= withoutLast + EPSILON) return undefined;
  const fitting = Array.from({ length: longest }, (_, index) => longest - index).filter((seconds) => seconds > withoutLast + EPSILON);
  const gop = gopSeconds(timeline);
  const fragment = Math.round(gop);
  if (fragment < 1 || Math.abs(gop - fragment) > gop / timeline.gopFrames / 2) return undefined;
  const divisible = fitting.find((seconds) => seconds % fragment === 0);
  return divisible === undefined ? undefined : { segmentSeconds: divisible, fragmentSeconds: fragment };
}

/** Sound alone has no GOPs to round to: its segments must be whole seconds themselves. */
export function audioLengths(timeline: Timeline): SegmentLengths | undefined {
  const whole = segmentSeconds(timeline);
  return Number.isInteger(whole) && whole >= 1 ? { segmentSeconds: whole, fragmentSeconds: whole } : undefined;
}
