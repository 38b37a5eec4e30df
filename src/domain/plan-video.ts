import type { VideoRendition } from "./encode-plan.ts";
import type { CodecSettings, FittedRung, Ladder } from "./ladder.ts";
import { capFactorOf } from "./ladder.ts";
import type { Rational } from "./rational.ts";
import { rational, toNumber } from "./rational.ts";
import type { VideoTrack } from "./source.ts";

/** Above this the frame rate is halved (HLS authoring rule 1.19). */
const MAX_FRAME_RATE = 60;
/** Below this, half a frame of rounding in each GOP adds up to more than the 0.5 s a segment may exceed its target by. */
const MIN_FRAME_RATE = 5;
const HIGH_PROFILE_FROM = 720;
/** SVT-AV1 refuses a picture with a shorter side. */
const MIN_AV1_SIDE = 64;

/** Every rung in every codec of the ladder that can be of its size, ascending by size; those of one size in the ladder's order of codecs. */
export const videoRenditions = (rungs: readonly FittedRung[], { codecs }: Ladder): VideoRendition[] =>
  rungs.flatMap((rung) =>
    codecs
      .filter((settings) => takes(settings, rung))
      .map((settings) => ({
        ...videoRendition(rung, settings),
        id: codecs.length > 1 ? `v${rung.shortSide}-${settings.codec}` : `v${rung.shortSide}`,
      })),
  );

const takes = ({ codec }: CodecSettings, { width, height }: FittedRung): boolean =>
  codec !== "av1" || Math.min(width, height) >= MIN_AV1_SIDE;

function videoRendition({ shortSide, width, height, capBps: rungCapBps }: FittedRung, settings: CodecSettings): Omit<VideoRendition, "id"> {
  const { codec, preset, crf } = settings;
  const capBps = Math.round(rungCapBps * capFactorOf(settings));
  const profile = codec === "h264" && shortSide >= HIGH_PROFILE_FROM ? "high" : "main";
  return { kind: "video", codec, profile, preset: `${preset}`, crf, width, height, capBps, bufferBits: 2 * capBps };
}

/** The largest H.264 rendition is the source's own; a smaller picture never costs more than that. */
export function withCopy(renditions: readonly VideoRendition[], { bitrateBps }: VideoTrack): VideoRendition[] {
  const top = renditions.findLast(({ codec }) => codec === "h264");
  return renditions.map((rendition) => {
    const capBps = rendition === top ? bitrateBps : Math.min(rendition.capBps, bitrateBps);
    return { ...rendition, capBps, bufferBits: 2 * capBps, ...(rendition === top ? { copied: true } : {}) };
  });
}

/** The source's rate, halved until players accept it, doubled until a whole number of frames fits the segment grid. */
export function outputFrameRate({ frameRate }: VideoTrack): Rational {
  let rate = frameRate;
  while (toNumber(rate) > MAX_FRAME_RATE + 0.06) rate = rational(rate.num, rate.den * 2);
  while (toNumber(rate) < MIN_FRAME_RATE) rate = rational(rate.num * 2, rate.den);
  return rate;
}
