import type { VideoCodecSettings } from "@aws-sdk/client-mediaconvert";
import type { VideoRendition } from "../../domain/encode-plan.ts";
import type { VideoCodec } from "../../domain/ladder.ts";
import type { Timeline } from "../../domain/timeline.ts";
import type { MediaConvertSettings } from "./settings.ts";

interface CodecInput {
  readonly timeline: Timeline;
  readonly settings: MediaConvertSettings;
}

/** The encoder of one rendition: quality within the plan's caps, keyframes on the plan's grid and nowhere else. */
export const codecSettings = (rendition: VideoRendition, input: CodecInput): VideoCodecSettings =>
  SETTINGS_OF[rendition.codec](rendition, input);

const SETTINGS_OF: Readonly<Record<VideoCodec, (rendition: VideoRendition, input: CodecInput) => VideoCodecSettings>> = {
  h264: (rendition, input) => ({
    Codec: "H_264",
    H264Settings: { ...closed(rendition, input), CodecProfile: rendition.profile === "high" ? "HIGH" : "MAIN" },
  }),
  hevc: (rendition, input) => ({
    Codec: "H_265",
    H265Settings: { ...closed(rendition, input), CodecProfile: "MAIN_MAIN", WriteMp4PackagingType: "HVC1" },
  }),
  // The guide recommends 7 or 15 B-frames for AV1.
  av1: (rendition, input) => ({
    Codec: "AV1",
    Av1Settings: { ...common(rendition, input), BitDepth: "BIT_8", NumberBFramesBetweenReferenceFrames: 7 },
  }),
};

const common = ({ capBps }: VideoRendition, { timeline: { frameRate, gopFrames }, settings }: CodecInput) =>
  ({
    RateControlMode: "QVBR",
    ...(settings.qvbrQuality > 0 ? { QvbrSettings: { QvbrQualityLevel: settings.qvbrQuality } } : {}),
    // With automated ABR the service sets each rendition's.
    ...(settings.automatedAbr ? {} : { MaxBitrate: capBps }),
    FramerateControl: "SPECIFIED",
    FramerateNumerator: frameRate.num,
    FramerateDenominator: frameRate.den,
    FramerateConversionAlgorithm: "DUPLICATE_DROP",
    GopSize: gopFrames,
    // Another I-frame between those of the grid would move a segment's end.
    SceneChangeDetect: "DISABLED",
  }) as const;

const closed = (rendition: VideoRendition, input: CodecInput) =>
  ({
    ...common(rendition, input),
    ...(input.settings.automatedAbr ? {} : { HrdBufferSize: rendition.bufferBits }),
    QualityTuningLevel: input.settings.automatedAbr ? "MULTI_PASS_HQ" : QUALITY_LEVELS[input.settings.qualityTuning],
    GopSizeUnits: "FRAMES",
    GopClosedCadence: 1,
    InterlaceMode: "PROGRESSIVE",
    ParControl: "SPECIFIED",
    ParNumerator: 1,
    ParDenominator: 1,
    CodecLevel: "AUTO",
  }) as const;

const QUALITY_LEVELS = { single_pass: "SINGLE_PASS", single_pass_hq: "SINGLE_PASS_HQ", multi_pass_hq: "MULTI_PASS_HQ" } as const;
