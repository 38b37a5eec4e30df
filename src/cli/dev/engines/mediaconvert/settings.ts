import { z } from "zod";

/** JobSettings as far as they are carried out; the wire's casing, other fields are let through and do nothing. */

const frameRate = {
  framerateControl: z.enum(["INITIALIZE_FROM_SOURCE", "SPECIFIED"]).optional(),
  framerateNumerator: z.int().min(1).optional(),
  framerateDenominator: z.int().min(1).optional(),
};

const rateControlled = z.looseObject({
  ...frameRate,
  rateControlMode: z.enum(["VBR", "CBR", "QVBR"]),
  bitrate: z.int().min(1000).max(1_152_000_000).optional(),
  maxBitrate: z.int().min(1000).max(1_152_000_000).optional(),
  hrdBufferSize: z.int().min(0).optional(),
  gopSize: z.number().min(0).optional(),
  gopSizeUnits: z.enum(["FRAMES", "SECONDS", "AUTO"]).optional(),
  codecProfile: z.string().optional(),
  qualityTuningLevel: z.enum(["SINGLE_PASS", "SINGLE_PASS_HQ", "MULTI_PASS_HQ"]).optional(),
});
export type RateControlled = z.infer<typeof rateControlled>;

const frameCapture = z.looseObject({
  framerateNumerator: z.int().min(1).default(30),
  framerateDenominator: z.int().min(1).default(1),
  maxCaptures: z.int().min(1).default(10_000_000),
  quality: z.int().min(1).max(100).default(80),
});
export type FrameCapture = z.infer<typeof frameCapture>;

const videoCodec = z.discriminatedUnion("codec", [
  z.looseObject({ codec: z.literal("H_264"), h264Settings: rateControlled }),
  z.looseObject({ codec: z.literal("H_265"), h265Settings: rateControlled }),
  z.looseObject({ codec: z.literal("AV1"), av1Settings: rateControlled.extend({ rateControlMode: z.literal("QVBR") }) }),
  z.looseObject({ codec: z.literal("FRAME_CAPTURE"), frameCaptureSettings: frameCapture.prefault({}) }),
]);

const size = z.int().min(32).max(8192).optional();

const videoDescription = z.looseObject({
  width: size,
  height: size,
  scalingBehavior: z.enum(["DEFAULT", "STRETCH_TO_OUTPUT", "FIT", "FIT_NO_UPSCALE", "FILL"]).default("DEFAULT"),
  codecSettings: videoCodec,
  videoPreprocessors: z
    .looseObject({
      colorCorrector: z.looseObject({ colorSpaceConversion: z.string().optional(), hdrToSdrToneMapper: z.string().optional() }).optional(),
      deinterlacer: z.looseObject({ mode: z.string().optional() }).optional(),
    })
    .default({}),
});
export type VideoDescription = z.infer<typeof videoDescription>;

/** A custom code, ISO 639-2 or BCP-47, goes before the other; patterns as in the API's model, where captions take no digits. */
const language = (custom: RegExp) => ({ languageCode: z.string().optional(), customLanguageCode: z.string().regex(custom).optional() });

const audioDescription = z.looseObject({
  audioSourceName: z.string().optional(),
  ...language(/^[A-Za-z]{2,3}(-[A-Za-z0-9-]+)?$/),
  streamName: z
    .string()
    .regex(/^[\w\s]*$/)
    .optional(),
  codecSettings: z.looseObject({
    codec: z.literal("AAC"),
    aacSettings: z.looseObject({
      bitrate: z.int().min(6000).max(1_024_000),
      codingMode: z.enum(["CODING_MODE_1_0", "CODING_MODE_2_0", "CODING_MODE_5_1"]),
      sampleRate: z.int().min(8000).max(96_000),
    }),
  }),
});
export type AudioDescription = z.infer<typeof audioDescription>;

const captionDescription = z.looseObject({
  captionSelectorName: z.string().min(1),
  ...language(/^[A-Za-z]{2,3}(-[A-Za-z-]+)?$/),
  languageDescription: z.string().optional(),
  destinationSettings: z.looseObject({ destinationType: z.literal("WEBVTT") }),
});

const output = z.looseObject({
  nameModifier: z.string().min(1).max(256).optional(),
  containerSettings: z.looseObject({
    container: z.enum(["CMFC", "RAW"]),
    cmfcSettings: z
      .looseObject({
        audioGroupId: z.string().optional(),
        audioTrackType: z.string().optional(),
        audioDuration: z.enum(["DEFAULT_CODEC_DURATION", "MATCH_VIDEO_DURATION"]).optional(),
        iFrameOnlyManifest: z.enum(["INCLUDE", "EXCLUDE"]).optional(),
      })
      .prefault({}),
  }),
  videoDescription: videoDescription.optional(),
  audioDescriptions: z.array(audioDescription).default([]),
  captionDescriptions: z.array(captionDescription).default([]),
});
export type Output = z.infer<typeof output>;

const destination = z.string().regex(/^s3:\/\/[a-z0-9.-]+\/[^$,]*$/);

const cmafGroup = z.looseObject({
  type: z.literal("CMAF_GROUP_SETTINGS"),
  cmafGroupSettings: z.looseObject({
    destination,
    segmentLength: z.int().min(1).default(10),
    segmentLengthControl: z.enum(["EXACT", "GOP_MULTIPLE", "MATCH"]).default("EXACT"),
    fragmentLength: z.int().min(1).default(2),
    segmentControl: z.literal("SEGMENTED_FILES").default("SEGMENTED_FILES"),
    writeHlsManifest: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
    writeDashManifest: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
  }),
});

const fileGroup = z.looseObject({ type: z.literal("FILE_GROUP_SETTINGS"), fileGroupSettings: z.looseObject({ destination }) });

const outputGroup = z.looseObject({
  automatedEncodingSettings: z
    .looseObject({
      abrSettings: z.looseObject({ maxRenditions: z.int().min(3).max(15).optional(), maxAbrBitrate: z.int().optional() }).optional(),
    })
    .optional(),
  outputGroupSettings: z.discriminatedUnion("type", [cmafGroup, fileGroup]),
  outputs: z.array(output).min(1),
});
export type OutputGroup = z.infer<typeof outputGroup>;

const audioSelector = z.looseObject({
  defaultSelection: z.enum(["DEFAULT", "NOT_DEFAULT"]).optional(),
  selectorType: z.enum(["PID", "TRACK", "LANGUAGE_CODE", "HLS_RENDITION_GROUP", "ALL_PCM", "STREAM"]).optional(),
  tracks: z.array(z.int().min(1)).optional(),
  languageCode: z.string().optional(),
});
export type AudioSelector = z.infer<typeof audioSelector>;

const captionSelector = z.looseObject({
  languageCode: z.string().optional(),
  sourceSettings: z.looseObject({
    sourceType: z.string(),
    trackSourceSettings: z.looseObject({ trackNumber: z.int().min(1).optional() }).optional(),
    fileSourceSettings: z.looseObject({ sourceFile: z.string() }).optional(),
  }),
});
export type CaptionSelector = z.infer<typeof captionSelector>;

const input = z.looseObject({
  fileInput: z.string().regex(/^s3:\/\/[^/]+\/.+/),
  audioSelectors: z.record(z.string(), audioSelector).default({}),
  captionSelectors: z.record(z.string(), captionSelector).default({}),
  timecodeSource: z.string().optional(),
  videoSelector: z.looseObject({ rotate: z.string().optional() }).optional(),
});

export const jobSettings = z.looseObject({
  inputs: z.tuple([input]),
  outputGroups: z.array(outputGroup).min(1),
  timecodeConfig: z.looseObject({ source: z.string().optional() }).optional(),
});
export type JobSettings = z.infer<typeof jobSettings>;
