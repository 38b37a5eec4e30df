import type { VideoRendition } from "../domain/encode-plan.ts";
import { toNumber } from "../domain/rational.ts";
import { averageBps, peakBps, targetDuration } from "./bandwidth.ts";
import type { RenditionFacts } from "./facts.ts";
import { segmentSpans } from "./facts.ts";
import { HLS_VERSION, I_FRAME_PLAYLIST, MEDIA_PLAYLIST, iFrameTarget, lines } from "./hls.ts";
import { sessionKeyTag } from "./hls-key.ts";
import type { AudioGroup } from "./hls-media.ts";
import { TEXT_GROUP, audioGroups, audioMedia, textMedia } from "./hls-media.ts";
import { iFrames } from "./i-frames.ts";
import type { Measured, Presentation } from "./presentation.ts";
import { byCodec } from "./presentation.ts";

/** HLS authoring rule 9.x: start about here, then let the player measure. */
const FIRST_VARIANT_BPS = 2_000_000;

/** The multivariant playlist, first what every player has the codec of; `base` goes in front of every URI ("r/<revision>/"). */
export function multivariantPlaylist(presentation: Presentation, base: string): string {
  const { video, audio, text } = presentation;
  const codecs = byCodec(video);
  const groups = audioGroups(audio);
  // Whatever sound and codec a player keeps, the first of them that is listed is where it should start.
  const variants = (
    codecs.length > 0
      ? orNone(groups).flatMap((group) => codecs.map((pictures) => videoVariants(presentation, { pictures, group }, base)))
      : [audioVariants(groups, base)]
  ).flatMap(startingNear);
  return lines(
    ["#EXTM3U", `#EXT-X-VERSION:${HLS_VERSION}`, "#EXT-X-INDEPENDENT-SEGMENTS"],
    sessionKeyTag(presentation),
    groups.flatMap((group) => group.members.map((entry) => audioMedia(entry, group, base))),
    text.map(({ rendition }, index) => textMedia(rendition, text.slice(0, index), { base, playlist: MEDIA_PLAYLIST })),
    variants.flatMap(({ attributes, uri }) => [`#EXT-X-STREAM-INF:${attributes}`, uri]),
    codecs.flatMap((entries) => entries.toReversed().map((entry) => iFrameStream(entry, base))),
  );
}

/** A variant as it is listed. */
export interface Variant {
  readonly bandwidthBps: number;
  readonly attributes: string;
  readonly uri: string;
}

/** Without sound there is one round without a group. */
const orNone = (groups: readonly AudioGroup[]): readonly (AudioGroup | undefined)[] => (groups.length > 0 ? groups : [undefined]);

/** What is listed together: pictures of one codec with one audio group. */
interface Alike {
  readonly pictures: readonly Measured<VideoRendition>[];
  readonly group: AudioGroup | undefined;
}

function videoVariants({ plan, video, audio, text }: Presentation, { pictures, group }: Alike, base: string): Variant[] {
  const target = targetOf({ video, audio });
  const sound = group?.members.map(({ facts }) => facts) ?? [];
  return pictures.toReversed().map(({ rendition, facts }) => {
    const rates = combinedRates([facts], sound, target);
    const attributes = [
      ...rateAttributes(rates),
      `CODECS="${[facts.codecs, ...new Set(sound.map(({ codecs }) => codecs))].join(",")}"`,
      `RESOLUTION=${rendition.width}x${rendition.height}`,
      `FRAME-RATE=${toNumber(plan.timeline.frameRate).toFixed(3)}`,
      "VIDEO-RANGE=SDR",
      ...(group ? [`AUDIO="${group.id}"`] : []),
      ...(text.length > 0 ? [`SUBTITLES="${TEXT_GROUP}"`] : []),
      "CLOSED-CAPTIONS=NONE",
    ];
    return { bandwidthBps: rates.peak, attributes: attributes.join(","), uri: `${base}${rendition.id}/${MEDIA_PLAYLIST}` };
  });
}

/** Sound alone: one variant per audio group, whose URI is the group's default rendition. */
function audioVariants(groups: readonly AudioGroup[], base: string): Variant[] {
  const target = targetOf({ video: [], audio: groups.flatMap(({ members }) => members) });
  return groups.flatMap(({ id, members }) => {
    const main = members.find(({ rendition }) => rendition.isDefault);
    if (!main) return [];
    const rates = combinedRates(
      [],
      members.map(({ facts }) => facts),
      target,
    );
    const attributes = [...rateAttributes(rates), `CODECS="${main.facts.codecs}"`, `AUDIO="${id}"`].join(",");
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

/** The variants, where a player should start first: it begins with the first one listed. */
export function startingNear(variants: readonly Variant[]): Variant[] {
  const distance = ({ bandwidthBps }: Variant): number => Math.abs(Math.log(bandwidthBps / FIRST_VARIANT_BPS));
  const first = variants.toSorted((a, b) => distance(a) - distance(b))[0];
  return first ? [first, ...variants.filter((variant) => variant !== first)] : [];
}
