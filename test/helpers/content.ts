import type { MeasuredContent } from "../../src/domain/content.ts";

/** What a probe encode of a 16:9 source at 360 lines found: the same in each of four windows unless told. */
export const aContent = (bps: number, changes: Partial<MeasuredContent> = {}): MeasuredContent => ({
  kind: "measured",
  width: 640,
  height: 360,
  windowBps: [bps, bps, bps, bps],
  sizeExponent: 0.7,
  ssim: 0.97,
  cpuSecondsPerFrame: 0.004,
  ...changes,
});
