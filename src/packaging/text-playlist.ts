import type { Timeline } from "../domain/timeline.ts";
import { segmentCount, segmentSeconds } from "../domain/timeline.ts";
import type { WrittenText } from "./presentation.ts";
import type { Cue } from "./webvtt.ts";
import { textSegment, wholeText } from "./webvtt.ts";

/** The whole programme's text in one file of a rendition's folder, for DASH. */
export const WHOLE_TEXT = "text.vtt";

/** The period of the n-th segment, counted from 1: the grid of video and sound, to the end of the programme. */
export interface TextPeriod {
  readonly name: string;
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** The periods of a text rendition's segments; all of them are there, also those without a cue (HLS authoring 5.5). */
export function textPeriods(timeline: Timeline): TextPeriod[] {
  const length = segmentSeconds(timeline);
  return Array.from({ length: segmentCount(timeline) }, (_, index) => ({
    name: `${String(index + 1).padStart(5, "0")}.vtt`,
    startSeconds: index * length,
    endSeconds: Math.min(timeline.durationSeconds, (index + 1) * length),
  }));
}

/** Two hours of subtitles are some 100 kB; a cue that is shown in many segments is in each of them. */
const MAX_WRITTEN_BYTES = 16 * 1024 * 1024;

/** About what the files of these cues weigh. */
export function writtenBytes(cues: readonly Cue[], timeline: Timeline): number {
  const length = segmentSeconds(timeline);
  const segments = ({ startSeconds, endSeconds }: Cue): number => 2 + Math.ceil((endSeconds - startSeconds) / length);
  return cues.reduce((total, cue) => total + segments(cue) * (Buffer.byteLength(cue.text) + cue.settings.length + 32), 0);
}

/** Whether that is within what a text rendition may weigh: hostile ones show every cue all the time. */
export const isBounded = (cues: readonly Cue[], timeline: Timeline): boolean => writtenBytes(cues, timeline) <= MAX_WRITTEN_BYTES;

/** Every WebVTT file of a text rendition by its name in the rendition's folder. */
export const textFiles = ({ cues }: Pick<WrittenText, "cues">, timeline: Timeline): ReadonlyMap<string, string> =>
  new Map([...textSegments({ cues }, timeline), [WHOLE_TEXT, wholeText(cues)]]);

/** Those of its segments alone, for media whose clock stands at `originSeconds` when the film begins. */
export function textSegments({ cues }: Pick<WrittenText, "cues">, timeline: Timeline, originSeconds = 0): ReadonlyMap<string, string> {
  const periods = textPeriods(timeline);
  const shown: Cue[][] = periods.map(() => []);
  const length = segmentSeconds(timeline);
  for (const cue of cues) {
    for (let at = Math.max(0, Math.floor(cue.startSeconds / length) - 1); at < periods.length; at += 1) {
      const period = periods[at];
      if (!period || period.startSeconds >= cue.endSeconds) break;
      if (period.endSeconds > cue.startSeconds) shown[at]?.push(cue);
    }
  }
  return new Map(periods.map(({ name }, at) => [name, textSegment(shown[at] ?? [], originSeconds)] as const));
}
