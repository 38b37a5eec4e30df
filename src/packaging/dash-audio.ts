import type { AudioRendition } from "../domain/encode-plan.ts";
import type { Encryption } from "../domain/encryption.ts";
import { soundKey } from "../domain/loudness.ts";
import type { BandwidthOf } from "./dash-elements.ts";
import { contentProtection } from "./dash-protection.ts";
import { role, segmentTemplate } from "./dash-elements.ts";
import type { Measured } from "./presentation.ts";
import { element } from "./xml.ts";

/**
 * One set per track of the source and channel layout; renditions of the same track at several bit rates are its
 * representations.
 */
export function audioSets(
  audio: readonly Measured<AudioRendition>[],
  { firstId, bandwidthOf, encryption }: { firstId: number; bandwidthOf: BandwidthOf; encryption?: Encryption | undefined },
): string[] {
  const tracks = [...Map.groupBy(audio, ({ rendition }) => soundKey(rendition)).values()];
  return tracks.flatMap((members, index) => {
    const [first] = members.map(({ rendition }) => rendition);
    if (!first) return [];
    const attributes = {
      id: firstId + index,
      contentType: "audio",
      lang: first.language,
      segmentAlignment: "true",
      startWithSAP: 1,
      selectionPriority: tracks.length > 1 ? selectionPriority(first) : undefined,
    };
    const label = element("Label", {}, first.channels === 6 ? `${first.name} (5.1)` : first.name);
    const main = role(first.isDefault ? "main" : "alternate");
    const representations = members.map((entry) => audioRepresentation(entry, bandwidthOf));
    return element("AdaptationSet", attributes, [...contentProtection(members[0]?.facts, encryption), label, main, ...representations]);
  });
}

/** dash.js otherwise begins with the largest bit rate, which is 5.1 in whatever language has it: the default track comes first, and stereo before 5.1. */
const selectionPriority = ({ isDefault, channels }: AudioRendition): number => (isDefault ? 3 : 1) + (channels === 2 ? 1 : 0);

function audioRepresentation({ rendition, facts }: Measured<AudioRendition>, bandwidthOf: BandwidthOf): string {
  const { id, sampleRate, channels } = rendition;
  const attributes = {
    id,
    bandwidth: bandwidthOf(facts),
    codecs: facts.codecs,
    mimeType: "audio/mp4",
    audioSamplingRate: facts.sound?.sampleRate ?? sampleRate,
  };
  const scheme = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011";
  const configuration = element("AudioChannelConfiguration", { schemeIdUri: scheme, value: facts.sound?.channels ?? channels });
  return element("Representation", attributes, [configuration, segmentTemplate(facts)]);
}
