import type { RenditionFacts } from "./facts.ts";
import { element } from "./xml.ts";

/** What a rendition's @bandwidth is. */
export type BandwidthOf = (facts: RenditionFacts) => number;

/** A Role of the DASH role scheme. */
export const role = (value: string): string => element("Role", { schemeIdUri: "urn:mpeg:dash:role:2011", value });

/** Times are presentation times, as the edit list leaves them; what it hides before zero is not listed. */
export function segmentTemplate({ segments, timescale }: RenditionFacts): string {
  const starts = segments.map(({ startTicks }) => Math.max(0, startTicks));
  const durations = segments.map(({ endTicks }, index) => (starts[index + 1] ?? endTicks) - (starts[index] ?? 0));
  const runs: { start: number; duration: number; repeats: number }[] = [];
  for (const [index, duration] of durations.entries()) {
    const last = runs.at(-1);
    if (last?.duration === duration) last.repeats += 1;
    else runs.push({ start: starts[index] ?? 0, duration, repeats: 0 });
  }
  const timeline = runs.map(({ start, duration, repeats }) =>
    element("S", { t: start, d: duration, r: repeats > 0 ? repeats : undefined }),
  );
  const attributes = {
    timescale,
    startNumber: 1,
    initialization: "$RepresentationID$/init.mp4",
    media: "$RepresentationID$/$Number%05d$.m4s",
  };
  return element("SegmentTemplate", attributes, [element("SegmentTimeline", {}, timeline)]);
}
