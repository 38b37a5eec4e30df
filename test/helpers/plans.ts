import type { EncodePlan } from "../../src/domain/encode-plan.ts";
import { planEncode } from "../../src/domain/plan-encode.ts";
import type { CodecSettings, Ladder } from "../../src/domain/ladder.ts";
import { rational } from "../../src/domain/rational.ts";
import type { Source } from "../../src/domain/source.ts";
import { aLadder } from "./ladders.ts";
import { aSource, aVideoTrack, anAudioTrack } from "./sources.ts";

/** The plan of a source; the default is 1080p30 with stereo sound. */
export const aPlan = (source: Source = aSource(), ladder: Ladder = aLadder()): EncodePlan => planEncode(source, ladder);

const NTSC = rational(30_000, 1001);

/** 360p at 29.97 in two sizes, each in H.264 and beside it. */
const inCodecs = (beside: CodecSettings): EncodePlan =>
  aPlan(
    aSource({ video: aVideoTrack({ displayWidth: 640, displayHeight: 360, frameRate: NTSC }) }),
    aLadder({ codecs: [{ codec: "h264", preset: "veryfast", crf: 23 }, beside] }),
  );

/** The fixed plans that every compiler is held to by golden files. */
export const GOLDEN_PLANS: Readonly<Record<string, EncodePlan>> = {
  "landscape-1080p30": aPlan(),
  "portrait-rotated-2997-audio-late": aPlan(
    aSource({
      startSeconds: 0.1,
      video: aVideoTrack({
        codedWidth: 1280,
        codedHeight: 720,
        rotation: 90,
        displayWidth: 720,
        displayHeight: 1280,
        frameRate: NTSC,
        startSeconds: 0.1,
        durationSeconds: 20.02,
      }),
      audio: [anAudioTrack({ startSeconds: 0.35, durationSeconds: 19.5, channels: 1 })],
    }),
  ),
  "video-only": aPlan(aSource({ audio: [], video: aVideoTrack({ displayWidth: 640, displayHeight: 360 }) })),
  surround: aPlan(
    aSource({
      video: aVideoTrack({ displayWidth: 1280, displayHeight: 720 }),
      audio: [
        anAudioTrack({ channels: 6 }),
        anAudioTrack({ index: 2, language: "de", isDefault: false, channels: 8 }),
        anAudioTrack({ index: 3, title: "Commentary", isDefault: false, channels: 1 }),
      ],
    }),
  ),
  "audio-only": aPlan(
    aSource({
      video: undefined,
      startSeconds: 0.025,
      audio: [anAudioTrack({ index: 0, startSeconds: 0.025 }), anAudioTrack({ startSeconds: 0.025, language: "de", isDefault: false })],
    }),
  ),
  "interlaced-bt601": aPlan(
    aSource({
      container: "mpegts",
      startSeconds: 1.4,
      video: aVideoTrack({
        displayWidth: 768,
        displayHeight: 576,
        codedWidth: 720,
        sampleAspect: rational(16, 15),
        displayAspect: rational(4, 3),
        interlaced: true,
        frameRate: rational(25),
        startSeconds: 1.4,
        colour: { fullRange: false, matrix: "bt601" },
      }),
      audio: [anAudioTrack({ startSeconds: 1.38 })],
    }),
  ),
  hdr10: aPlan(
    aSource({
      video: aVideoTrack({
        codec: "hevc",
        displayWidth: 3840,
        displayHeight: 2160,
        hdr: "PQ",
        pixelFormat: "yuv420p10le",
        frameRate: rational(60),
        colour: { fullRange: false, matrix: "bt2020" },
      }),
    }),
  ),
  "full-range": aPlan(
    aSource({
      audio: [],
      video: aVideoTrack({ displayWidth: 1280, displayHeight: 720, pixelFormat: "yuvj420p", colour: { fullRange: true, matrix: "bt709" } }),
    }),
  ),
  "h264-av1": inCodecs({ codec: "av1", preset: 10, crf: 35, capFactor: 0.6 }),
  "h264-hevc": inCodecs({ codec: "hevc", preset: "veryfast", crf: 24, capFactor: 0.65 }),
};
