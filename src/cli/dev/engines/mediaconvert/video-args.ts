import { pictureFilters } from "../picture-filters.ts";
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
} as const;

export interface VideoWork {
  readonly description: VideoDescription;
  /** Of the group: where no GOP is given there is a keyframe at each. */
  readonly fragmentSeconds: number;
  /** Overrides the description's: a rung of automated ABR. */
  readonly size?: { readonly height: number; readonly maxBitrate: number };
}

/** The ffmpeg options that encode one video output, without its file. */
export function videoArgs({ description, fragmentSeconds, size }: VideoWork): readonly string[] {
  const { codecSettings, scalingBehavior } = description;
  const wanted = size === undefined ? description : { width: undefined, height: size.height };
  const picture = pictureFilters({ width: wanted.width, height: wanted.height, sizing: SIZINGS[scalingBehavior] });
  if (codecSettings.codec === "FRAME_CAPTURE") return captureArgs(codecSettings.frameCaptureSettings, picture);
  const settings = codecSettings.codec === "H_264" ? codecSettings.h264Settings : codecSettings.h265Settings;
  const { framerateControl, framerateNumerator, framerateDenominator = 1 } = settings;
  const rate = framerateControl === "SPECIFIED" ? [`fps=${framerateNumerator ?? 30}/${framerateDenominator}`] : [];
  return [
    ...["-map", "0:v:0", "-vf", [...rate, ...picture].join(","), "-pix_fmt", "yuv420p"],
    ...ENCODERS[codecSettings.codec],
    // With B-frames the first picture would not be shown at 0.
    ...["-bf", "0", "-sc_threshold", "0"],
    ...rateArgs({ ...settings, ...(size ? { maxBitrate: size.maxBitrate } : {}) }),
    ...gopArgs(settings, fragmentSeconds),
  ];
}

function rateArgs({ rateControlMode, bitrate = 1_000_000, maxBitrate = 5_000_000 }: RateControlled): readonly string[] {
  if (rateControlMode === "QVBR") return ["-crf", "26", "-maxrate", `${maxBitrate}`, "-bufsize", `${2 * maxBitrate}`];
  const most = rateControlMode === "CBR" ? bitrate : maxBitrate;
  return ["-b:v", `${bitrate}`, "-maxrate", `${Math.max(most, bitrate)}`, "-bufsize", `${2 * bitrate}`];
}

function gopArgs({ gopSize, gopSizeUnits = "FRAMES" }: RateControlled, fragmentSeconds: number): readonly string[] {
  const isGiven = gopSize !== undefined && gopSize > 0 && gopSizeUnits !== "AUTO";
  if (isGiven && gopSizeUnits === "FRAMES") return ["-g", `${gopSize}`, "-keyint_min", `${gopSize}`];
  return ["-g", "1000", "-force_key_frames", `expr:gte(t,n_forced*${isGiven ? gopSize : fragmentSeconds})`];
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
