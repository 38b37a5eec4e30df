import type { AudioRendition } from "../domain/encode-plan.ts";
import type { Encryption } from "../domain/encryption.ts";
import type { BandwidthOf } from "./dash-elements.ts";
import { contentProtection } from "./dash-protection.ts";
import { role, segmentTemplate } from "./dash-elements.ts";
import type { Measured } from "./presentation.ts";
import { element } from "./xml.ts";

/** One set per track of the source; renditions of the same track at several bit rates are its representations. */
export function audioSets(
  audio: readonly Measured<AudioRendition>[],
  { firstId, bandwidthOf, encryption }: { firstId: number; bandwidthOf: BandwidthOf; encryption?: Encryption | undefined },
): string[] {
  const tracks = [...Map.groupBy(audio, ({ rendition }) => `${rendition.sourceIndex}:${rendition.channels}`).values()];
  return tracks.map((members, index) => {
    const [first] = members;
    const attributes = {
      id: firstId + index,
      contentType: "audio",
      lang: first?.rendition.language,
      segmentAlignment: "true",
      startWithSAP: 1,
    };
    const label = element("Label", {}, first?.rendition.name ?? "");
    const main = role(first?.rendition.isDefault ? "main" : "alternate");
    const representations = members.map((entry) => audioRepresentation(entry, bandwidthOf));
    return element("AdaptationSet", attributes, [...contentProtection(first?.facts, encryption), label, main, ...representations]);
  });
}

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
