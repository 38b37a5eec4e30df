import type { VideoRendition } from "../domain/encode-plan.ts";
import { toNumber } from "../domain/rational.ts";
import { averageBps, peakBps, targetDuration } from "./bandwidth.ts";
import type { RenditionFacts } from "./facts.ts";
import { segmentSpans } from "./facts.ts";
import { HLS_VERSION, I_FRAME_PLAYLIST, MEDIA_PLAYLIST, iFrameTarget, lines } from "./hls.ts";
import { TEXT_GROUP, audioMedia, textMedia } from "./hls-media.ts";
import { sessionKeyTag } from "./hls-key.ts";
import { iFrames } from "./i-frames.ts";
import type { Measured, Presentation } from "./presentation.ts";
import { byCodec } from "./presentation.ts";

/** HLS authoring rule 9.x: start about here, then let the player measure. */
const FIRST_VARIANT_BPS = 2_000_000;

/** The multivariant playlist, first what every player has the codec of; `base` goes in front of every URI ("r/<revision>/"). */
export function multivariantPlaylist(presentation: Presentation, base: string): string {
  const { video, audio, text } = presentation;
  const codecs = byCodec(video);
  // Whatever codec a player keeps, the first of it that is listed is where it should start.
  const variants = (
    codecs.length > 0 ? codecs.map((entries) => videoVariants(entries, presentation, base)) : [audioVariants(presentation, base)]
  ).flatMap((alike) => startingNear(FIRST_VARIANT_BPS, alike));
  return lines(
    ["#EXTM3U", `#EXT-X-VERSION:${HLS_VERSION}`, "#EXT-X-INDEPENDENT-SEGMENTS"],
    sessionKeyTag(presentation),
    audio.map((entry) => audioMedia(entry, audio, base)),
    text.map(({ rendition }, index) => textMedia(rendition, text.slice(0, index), base)),
    variants.flatMap(({ attributes, uri }) => [`#EXT-X-STREAM-INF:${attributes}`, uri]),
    codecs.flatMap((entries) => entries.toReversed().map((entry) => iFrameStream(entry, base))),
  );
}

interface Variant {
  readonly bandwidthBps: number;
  readonly attributes: string;
  readonly uri: string;
}

function videoVariants(entries: readonly Measured<VideoRendition>[], { plan, video, audio, text }: Presentation, base: string): Variant[] {
  const target = targetOf({ video, audio });
  return entries.toReversed().map(({ rendition, facts }) => {
    const rates = combinedRates(
      [facts],
      audio.map((entry) => entry.facts),
      target,
    );
    const attributes = [
      ...rateAttributes(rates),
      `CODECS="${[facts.codecs, ...new Set(audio.map((entry) => entry.facts.codecs))].join(",")}"`,
      `RESOLUTION=${rendition.width}x${rendition.height}`,
      `FRAME-RATE=${toNumber(plan.timeline.frameRate).toFixed(3)}`,
      "VIDEO-RANGE=SDR",
      ...(audio[0] ? [`AUDIO="${audio[0].rendition.group}"`] : []),
      ...(text.length > 0 ? [`SUBTITLES="${TEXT_GROUP}"`] : []),
      "CLOSED-CAPTIONS=NONE",
    ];
    return { bandwidthBps: rates.peak, attributes: attributes.join(","), uri: `${base}${rendition.id}/${MEDIA_PLAYLIST}` };
  });
}

/** Sound alone: one variant per audio group, whose URI is the group's default rendition. */
function audioVariants({ audio }: Presentation, base: string): Variant[] {
  const target = targetOf({ video: [], audio });
  return [...Map.groupBy(audio, ({ rendition }) => rendition.group)].flatMap(([group, members]) => {
    const main = members.find(({ rendition }) => rendition.isDefault);
    if (!main) return [];
    const rates = combinedRates(
      [],
      members.map(({ facts }) => facts),
      target,
    );
    const attributes = [...rateAttributes(rates), `CODECS="${main.facts.codecs}"`, `AUDIO="${group}"`].join(",");
    return [{ bandwidthBps: rates.peak, attributes, uri: `${base}${main.rendition.id}/${MEDIA_PLAYLIST}` }];
  });
}

interface Rates {
  readonly peak: number;
  readonly average: number;
}

/** The video's figure plus that of the group's largest audio (HLS authoring rule 9.13). */
function combinedRates(own: readonly RenditionFacts[], group: readonly RenditionFacts[], target: number): Rates {
  const largest = (measure: (facts: RenditionFacts) => number): number =>
    Math.max(0, ...own.map(measure)) + Math.max(0, ...group.map(measure));
  return {
    peak: Math.ceil(largest((facts) => peakBps(segmentSpans(facts), target))),
    average: Math.ceil(largest((facts) => averageBps(segmentSpans(facts)))),
  };
}

const rateAttributes = ({ peak, average }: Rates): string[] => [`BANDWIDTH=${peak}`, `AVERAGE-BANDWIDTH=${average}`];

const targetOf = ({ video, audio }: Pick<Presentation, "video" | "audio">): number =>
  targetDuration([...video, ...audio].map(({ facts }) => facts));

function iFrameStream({ rendition, facts }: Measured<VideoRendition>, base: string): string {
  const frames = iFrames(facts);
  const rates = { peak: Math.ceil(peakBps(frames, iFrameTarget(facts))), average: Math.ceil(averageBps(frames)) };
  const attributes = [
    ...rateAttributes(rates),
    `CODECS="${facts.codecs}"`,
    `RESOLUTION=${rendition.width}x${rendition.height}`,
    "VIDEO-RANGE=SDR",
    `URI="${base}${rendition.id}/${I_FRAME_PLAYLIST}"`,
  ];
  return `#EXT-X-I-FRAME-STREAM-INF:${attributes.join(",")}`;
}

/** Players begin with the first one listed. */
function startingNear(bps: number, variants: readonly Variant[]): Variant[] {
  const distance = ({ bandwidthBps }: Variant): number => Math.abs(Math.log(bandwidthBps / bps));
  const first = variants.toSorted((a, b) => distance(a) - distance(b))[0];
  return first ? [first, ...variants.filter((variant) => variant !== first)] : [];
}
