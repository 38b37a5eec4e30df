import { prerollSeconds } from "../../domain/chunks.ts";
import type { EncodePlan } from "../../domain/encode-plan.ts";

/**
 * Input options of a plan with a range: they begin to read shortly before it. All parts of one source keep the source's own
 * clock, to the tick: ffmpeg would otherwise count from the first stream that is used (in a transport stream picture and
 * sound would part), and a seek would round every time stamp anew.
 */
export function seekOptions({ source, timeline, range }: EncodePlan): string[] {
  if (!range) return [];
  const preroll = prerollSeconds(source) ?? Infinity;
  const at = range.startSeconds + timeline.sourceStartSeconds - source.startSeconds - preroll;
  // An accurate seek would drop the picture before the range, which is still shown in it when the rate is variable.
  return ["-copyts", ...(at > 0 ? ["-noaccurate_seek", "-ss", at.toFixed(6)] : [])];
}

/** What brings time stamps to the timeline: they count from the container's start, in parts of a source as the file has them. */
export const clockShiftSeconds = ({ source, timeline, range }: EncodePlan): number =>
  range ? timeline.sourceStartSeconds : timeline.sourceStartSeconds - source.startSeconds;
