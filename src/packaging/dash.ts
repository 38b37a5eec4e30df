import { leakyBucketBps, peakBps, targetDuration } from "./bandwidth.ts";
import { audioSets } from "./dash-audio.ts";
import { FIRST_TEXT_ID, imageSet, textSet } from "./dash-side.ts";
import { videoSets } from "./dash-video.ts";
import type { RenditionFacts } from "./facts.ts";
import { endSeconds, segmentSpans } from "./facts.ts";
import type { Presentation } from "./presentation.ts";
import { element } from "./xml.ts";

/** Each player waits for this much before it starts: as little as the measured peaks allow. */
const BUFFER_CHOICES_SECONDS = [2, 3, 4, 6, 8, 12] as const;
/** The bucket is judged at the largest samples, not at every one. */
const BUCKET_MARGIN = 1.01;

/** The MPD of ISO/IEC 23009-1 over the same segments as the HLS playlists; `base` is the BaseURL ("r/<revision>/"). */
export function manifest(presentation: Presentation, base: string): string {
  const { video, audio } = presentation;
  const all = [...video, ...audio].map(({ facts }) => facts);
  const target = targetDuration(all);
  const buffer = bufferSeconds(all, target);
  const bandwidthOf = (facts: RenditionFacts): number =>
    Math.ceil(Math.max(peakBps(segmentSpans(facts), target), leakyBucketBps(facts, buffer) * BUCKET_MARGIN));
  const duration = endSeconds((video[0] ?? audio[0])?.facts ?? emptyFacts);
  const period = element("Period", { id: "0", start: "PT0S" }, [
    // Not in the MPD element: ffmpeg 5.1 forgets that one for a side-loaded text, and then opens nothing of the MPD.
    element("BaseURL", {}, base),
    ...videoSets(presentation, bandwidthOf),
    ...audioSets(audio, { firstId: 1, bandwidthOf, encryption: presentation.plan.encryption }),
    ...presentation.text.map(({ rendition }, index) => textSet(rendition, FIRST_TEXT_ID + index)),
    ...(presentation.storyboard ? [imageSet(presentation.storyboard, presentation.plan.timeline)] : []),
  ]);
  const mpd = element(
    "MPD",
    {
      xmlns: "urn:mpeg:dash:schema:mpd:2011",
      profiles: "urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019",
      type: "static",
      mediaPresentationDuration: `PT${duration.toFixed(6).replace(/\.?0+$/, "")}S`,
      minBufferTime: `PT${buffer}S`,
    },
    [period],
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${mpd}\n`;
}

const emptyFacts: RenditionFacts = { id: "", codecs: "", timescale: 1, initBytes: 0, segments: [] };

/** The shortest start-up buffer at which every representation's peak rate is also enough for the leaky bucket. */
function bufferSeconds(all: readonly RenditionFacts[], target: number): number {
  const holds = (seconds: number): boolean =>
    all.every((facts) => leakyBucketBps(facts, seconds) * BUCKET_MARGIN <= peakBps(segmentSpans(facts), target));
  return BUFFER_CHOICES_SECONDS.find(holds) ?? BUFFER_CHOICES_SECONDS[BUFFER_CHOICES_SECONDS.length - 1] ?? target;
}
