import type { Ladder } from "../../src/domain/ladder.ts";

/** The default ladder's figures, whatever config/ladders says today. */
export const aLadder = (changes: Partial<Ladder> = {}): Ladder => ({
  name: "test",
  codecs: [{ codec: "h264", preset: "veryfast", crf: 23 }],
  rungs: [
    { shortSide: 240, capBps: 400_000 },
    { shortSide: 360, capBps: 800_000 },
    { shortSide: 480, capBps: 1_400_000 },
    { shortSide: 720, capBps: 2_800_000 },
    { shortSide: 1080, capBps: 5_000_000 },
    { shortSide: 1440, capBps: 9_000_000 },
    { shortSide: 2160, capBps: 16_000_000 },
  ],
  highFrameRateFactor: 1.5,
  gopSeconds: 2,
  gopsPerSegment: 3,
  audioBps: 128_000,
  surroundBps: 320_000,
  audioOnlyBps: [64_000, 128_000],
  passThrough: true,
  perTitle: false,
  ...changes,
});
