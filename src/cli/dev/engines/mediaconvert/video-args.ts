import { pictureFilters } from "../picture-filters.ts";
import { rateControlled } from "./rate-controlled.ts";
import type { FrameCapture, RateControlled, VideoDescription } from "./settings.ts";

const SIZINGS = {
  DEFAULT: "pad",
  STRETCH_TO_OUTPUT: "stretch",
  FIT: "fit",
  FIT_NO_UPSCALE: "fit-no-upscale",
  FILL: "fill",
} as const;

const ENCODERS = {
  H_264: ["-c:v", "libx264", "-preset", "superfast"],
  H_265: ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-tag:v", "hvc1"],
  AV1: ["-c:v", "libsvtav1", "-preset", "12"],
} as const;

export interface VideoWork {
  readonly description: VideoDescription;
  /** The selector's. */
  readonly rotate: string | undefined;
  /** A keyframe stands at each multiple of it, beside those of the GOP. */
  readonly keyframeSeconds: number | undefined;
  /** Overrides the description's: a rung of automated ABR. */
  readonly size?: { readonly height: number; readonly maxBitrate: number };
}

/** The ffmpeg options that encode one video output, without its file. */
export function videoArgs(work: VideoWork): readonly string[] {
  const { description, keyframeSeconds, size } = work;
  const { codecSettings, videoPreprocessors } = description;
  const filters = filtersOf(work);
  if (codecSettings.codec === "FRAME_CAPTURE") return captureArgs(codecSettings.frameCaptureSettings, filters);
  const settings = rateControlled(codecSettings);
  const { framerateControl, framerateNumerator, framerateDenominator = 1 } = settings;
  const rate = framerateControl === "SPECIFIED" ? [`fps=${framerateNumerator ?? 30}/${framerateDenominator}`] : [];
  return [
    ...["-map", "0:v:0", "-vf", [...rate, ...filters].join(","), "-pix_fmt", "yuv420p"],
    ...ENCODERS[codecSettings.codec],
    ...(videoPreprocessors.colorCorrector?.colorSpaceConversion === "FORCE_709" ? BT_709 : []),
    // With B-frames the first picture would not be shown at 0.
    ...(codecSettings.codec === "AV1" ? [] : ["-bf", "0", "-sc_threshold", "0"]),
    ...rateArgs({ ...settings, ...(size ? { maxBitrate: size.maxBitrate } : {}) }),
    ...gopArgs(settings),
    ...(keyframeSeconds === undefined ? [] : ["-force_key_frames", `expr:gte(t,n_forced*${keyframeSeconds})`]),
  ];
}

const BT_709 = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"];
const TONE_MAP = [
  ...["zscale=t=linear:npl=100", "format=gbrpf32le", "zscale=p=bt709", "tonemap=hable", "zscale=t=bt709:m=bt709:r=tv", "format=yuv420p"],
];
const TURNS: Readonly<Record<string, readonly string[]>> = {
  DEGREES_90: ["transpose=clock"],
  DEGREES_180: ["hflip", "vflip"],
  DEGREES_270: ["transpose=cclock"],
};

function filtersOf({ description, rotate = "", size }: VideoWork): readonly string[] {
  const { scalingBehavior, videoPreprocessors } = description;
  const { colorCorrector, deinterlacer } = videoPreprocessors;
  const wanted = size === undefined ? description : { width: undefined, height: size.height };
  return [
    ...(deinterlacer ? ["bwdif=mode=send_frame"] : []),
    ...(TURNS[rotate] ?? []),
    ...(colorCorrector?.hdrToSdrToneMapper === undefined ? [] : TONE_MAP),
    ...pictureFilters({ width: wanted.width, height: wanted.height, sizing: SIZINGS[scalingBehavior] }),
  ];
}

function rateArgs({ rateControlMode, bitrate = 1_000_000, maxBitrate = 5_000_000, hrdBufferSize }: RateControlled): readonly string[] {
  if (rateControlMode === "QVBR") return ["-crf", "26", "-maxrate", `${maxBitrate}`, "-bufsize", `${hrdBufferSize ?? 2 * maxBitrate}`];
  const most = rateControlMode === "CBR" ? bitrate : maxBitrate;
  return ["-b:v", `${bitrate}`, "-maxrate", `${Math.max(most, bitrate)}`, "-bufsize", `${hrdBufferSize ?? 2 * bitrate}`];
}

function gopArgs({ gopSize = 0, gopSizeUnits = "FRAMES" }: RateControlled): readonly string[] {
  const frames = gopSizeUnits === "FRAMES" && gopSize > 0 ? gopSize : undefined;
  return frames === undefined ? ["-g", "1000"] : ["-g", `${frames}`, "-keyint_min", `${frames}`];
}

function captureArgs(
  { framerateNumerator, framerateDenominator, maxCaptures, quality }: FrameCapture,
  picture: readonly string[],
): readonly string[] {
  const filters = [`fps=${framerateNumerator}/${framerateDenominator}`, ...picture].join(",");
  // ffmpeg's scale of 2 (best) to 31.
  const scale = Math.round(31 - (quality / 100) * 29);
  return ["-map", "0:v:0", "-vf", filters, "-frames:v", `${maxCaptures}`, "-q:v", `${scale}`, "-start_number", "0", "-f", "image2"];
}
