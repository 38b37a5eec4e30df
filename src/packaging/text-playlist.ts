import type { Timeline } from "../domain/timeline.ts";
import { segmentCount, segmentSeconds } from "../domain/timeline.ts";
import type { WrittenText } from "./presentation.ts";
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

/** Every WebVTT file of a text rendition by its name in the rendition's folder. */
export function textFiles({ cues }: WrittenText, timeline: Timeline): ReadonlyMap<string, string> {
  const segments = textPeriods(timeline).map(
    ({ name, startSeconds, endSeconds }) => [name, textSegment(cues, startSeconds, endSeconds)] as const,
  );
  return new Map([...segments, [WHOLE_TEXT, wholeText(cues)]]);
}
