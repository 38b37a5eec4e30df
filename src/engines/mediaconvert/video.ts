import type { VideoDescription, VideoPreprocessor, VideoSelector } from "@aws-sdk/client-mediaconvert";
import type { EncodePlan, VideoRendition } from "../../domain/encode-plan.ts";
import type { VideoTrack } from "../../domain/source.ts";
import { codecSettings } from "./codec.ts";
import type { MediaConvertSettings } from "./settings.ts";

interface VideoInput {
  readonly plan: EncodePlan;
  readonly settings: MediaConvertSettings;
}

/** How one rendition is made from the source's picture. */
export function videoDescription(rendition: VideoRendition, { plan, settings }: VideoInput): VideoDescription {
  const { width, height } = rendition;
  const { video } = plan.source;
  return {
    Width: width,
    Height: height,
    // The plan's sizes have the display aspect to within a pixel; any other fit would pay for that pixel with black bars.
    ScalingBehavior: "STRETCH_TO_OUTPUT",
    TimecodeInsertion: "DISABLED",
    ColorMetadata: "INSERT",
    ...(video ? preprocessors(video) : {}),
    CodecSettings: codecSettings(rendition, { timeline: plan.timeline, settings }),
  };
}

/** How the source's picture is read. */
export function videoSelector({ container, video }: EncodePlan["source"]): VideoSelector {
  // AUTO reads the matrix of MP4 and MOV alone; elsewhere the angle must be said.
  const isMov = container.split(",").includes("mov");
  const rotation = video?.rotation ?? 0;
  return { ...colourSpace(video), Rotate: isMov || rotation === 0 ? "AUTO" : `DEGREES_${rotation}` };
}

/** What the picture's own tags say comes first; without them the service would convert from nothing. */
function colourSpace(video: VideoTrack | undefined): VideoSelector {
  const space = video && (video.hdr === undefined ? SPACE_OF_MATRIX.get(video.colour.matrix) : SPACE_OF_HDR[video.hdr]);
  return space === undefined ? { ColorSpace: "FOLLOW" } : { ColorSpace: space, ColorSpaceUsage: "FALLBACK" };
}

const SPACE_OF_MATRIX: ReadonlyMap<VideoTrack["colour"]["matrix"], "REC_601" | "REC_709"> = new Map([
  ["bt601", "REC_601"],
  ["bt709", "REC_709"],
] as const);
const SPACE_OF_HDR = { PQ: "HDR10", HLG: "HLG_2020" } as const;

function preprocessors(video: VideoTrack): { VideoPreprocessors?: VideoPreprocessor } {
  const { hdr, colour, interlaced, firstField } = video;
  const converts = hdr !== undefined || colour.matrix !== "bt709";
  const corrector = {
    ...(converts ? { ColorSpaceConversion: "FORCE_709" as const } : {}),
    ...(hdr === undefined ? {} : { HdrToSdrToneMapper: "PRESERVE_DETAILS" as const }),
    // RGB has no limited form of its own; what becomes of it has.
    ...(colour.fullRange ? { SampleRangeConversion: "LIMITED_RANGE_SQUEEZE" as const } : {}),
  };
  const found = {
    ...(Object.keys(corrector).length > 0 ? { ColorCorrector: corrector } : {}),
    ...(interlaced
      ? {
          Deinterlacer: {
            Mode: "DEINTERLACE" as const,
            Algorithm: "INTERPOLATE" as const,
            // Fields that were measured because no header declares them would pass NORMAL as they are.
            Control: firstField === undefined ? ("NORMAL" as const) : ("FORCE_ALL_FRAMES" as const),
          },
        }
      : {}),
  };
  return Object.keys(found).length > 0 ? { VideoPreprocessors: found } : {};
}
