import type { RateControlled, VideoDescription } from "./settings.ts";

type Codec = VideoDescription["codecSettings"];
export type VideoCodec = Exclude<Codec, { readonly codec: "FRAME_CAPTURE" }>;

/** The settings of a codec, whichever it is. */
export function rateControlled(codec: VideoCodec): RateControlled {
  if (codec.codec === "H_264") return codec.h264Settings;
  return codec.codec === "H_265" ? codec.h265Settings : codec.av1Settings;
}

/** How long a GOP lasts at this frame rate; undefined where the service is to choose. */
export function gopSeconds(codec: VideoCodec, sourceFrameRate: number): number | undefined {
  const { gopSize = 0, gopSizeUnits = "FRAMES", ...rate } = rateControlled(codec);
  if (gopSize === 0 || gopSizeUnits === "AUTO") return undefined;
  if (gopSizeUnits === "SECONDS") return gopSize;
  const { framerateControl, framerateNumerator = 30, framerateDenominator = 1 } = rate;
  return gopSize / (framerateControl === "SPECIFIED" ? framerateNumerator / framerateDenominator : sourceFrameRate);
}
