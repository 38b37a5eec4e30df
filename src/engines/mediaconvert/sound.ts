import type { AudioDescription, AudioSelector, Output } from "@aws-sdk/client-mediaconvert";
import type { AudioRendition, EncodePlan } from "../../domain/encode-plan.ts";

/** The rates that AAC-LC can have here (CreateJob reference, AacSettings.Bitrate). */
const AAC_RATES_BPS = [64, 80, 96, 112, 128, 160, 192, 224, 256, 288, 320, 384, 448, 512, 576, 640].map((kilobits) => kilobits * 1000);

/** One selector a track of the source, by its number among the audio tracks. */
export function audioSelectors({ source: { audio } }: EncodePlan): Record<string, AudioSelector> {
  const preferred = Math.max(
    0,
    audio.findIndex(({ isDefault }) => isDefault),
  );
  return Object.fromEntries(
    audio.map((_, position) => [
      selectorName(position),
      { SelectorType: "TRACK", Tracks: [position + 1], DefaultSelection: position === preferred ? "DEFAULT" : "NOT_DEFAULT" },
    ]),
  );
}

/** One output a rendition: CMAF keeps sound in files of its own. */
export const audioOutput = (rendition: AudioRendition, plan: EncodePlan): Output => ({
  NameModifier: `_${rendition.id}`,
  AudioDescriptions: [audioDescription(rendition, plan)],
  ContainerSettings: {
    Container: "CMFC",
    CmfcSettings: {
      AudioGroupId: rendition.group,
      AudioTrackType: trackType(rendition, plan),
      // Ranges of picture and sound are equal: what is missing is silence, what is too much is cut (HLS authoring rule 8.3).
      ...(plan.video.length > 0 ? { AudioDuration: "MATCH_VIDEO_DURATION" } : {}),
    },
  },
});

/** One default in all: there is one a group, and the service has one output group. */
function trackType({ id, isDefault }: AudioRendition, { video, audio }: EncodePlan) {
  if (video.length === 0) return "AUDIO_ONLY_VARIANT_STREAM";
  return isDefault && audio.find((other) => other.isDefault)?.id === id
    ? "ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT"
    : "ALTERNATE_AUDIO_AUTO_SELECT";
}

/** Without a name: the service takes letters, digits and spaces alone, and the playlists that show it are ours. */
function audioDescription({ sourceIndex, channels, bitrateBps, sampleRate, language }: AudioRendition, plan: EncodePlan): AudioDescription {
  const position = plan.source.audio.findIndex(({ index }) => index === sourceIndex);
  const isMono = plan.source.audio[position]?.channels === 1;
  return {
    AudioSourceName: selectorName(position),
    CustomLanguageCode: language,
    LanguageCodeControl: "USE_CONFIGURED",
    // One channel would else come out of one speaker.
    ...(isMono && channels === 2 ? { RemixSettings: BOTH_SPEAKERS } : {}),
    CodecSettings: {
      Codec: "AAC",
      AacSettings: {
        CodecProfile: "LC",
        RateControlMode: "CBR",
        CodingMode: channels === 6 ? "CODING_MODE_5_1" : "CODING_MODE_2_0",
        SampleRate: sampleRate,
        Bitrate: nearestRate(bitrateBps),
      },
    },
  };
}

const BOTH_SPEAKERS: AudioDescription["RemixSettings"] = {
  ChannelsIn: 1,
  ChannelsOut: 2,
  ChannelMapping: { OutputChannels: [{ InputChannels: [0] }, { InputChannels: [0] }] },
};

const selectorName = (position: number): string => `Audio Selector ${position + 1}`;

const nearestRate = (bitrateBps: number): number =>
  AAC_RATES_BPS.reduce((best, rate) => (Math.abs(rate - bitrateBps) < Math.abs(best - bitrateBps) ? rate : best));
