import { describe, expect, test } from "vitest";
import { encodeSecondsOn } from "../../../src/domain/estimate.ts";
import { planEncode } from "../../../src/domain/plan-encode.ts";
import { aContent } from "../../helpers/content.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { aSource } from "../../helpers/sources.ts";

const LADDER = aLadder({ perTitle: true });
const estimateFor = (bps: number, cpuSecondsPerFrame = 0.004) =>
  planEncode(aSource(), LADDER, { content: aContent(bps, { cpuSecondsPerFrame }) }).estimate;

describe("an estimate", () => {
  test("has an entry a rendition that adds up to the whole", () => {
    const { video, audio, estimate } = planEncode(aSource(), LADDER, { content: aContent(400_000) });
    expect(estimate.renditions.map(({ id }) => id)).toStrictEqual([...video, ...audio].map(({ id }) => id));
    expect(estimate.renditions.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(estimate.bytes);
    expect(estimate.basis).toBe("content");
  });

  test("expects no rendition above its cap", () => {
    const { video, estimate } = planEncode(aSource(), LADDER, { content: aContent(9_000_000) });
    for (const { id, capBps } of video)
      expect(estimate.renditions.find((entry) => entry.id === id)?.averageBps).toBeLessThanOrEqual(capBps);
  });

  test("without a measure is what the caps allow", () => {
    const { video, audio, timeline, estimate } = planEncode(aSource(), aLadder());
    const bps = [...video.map(({ capBps }) => capBps), ...audio.map(({ bitrateBps }) => bitrateBps)].reduce((sum, rate) => sum + rate, 0);
    expect(estimate.basis).toBe("caps");
    expect(estimate.bytes).toBeCloseTo((bps / 8) * timeline.durationSeconds * 1.02, -2);
    expect(estimate.cpuSeconds).toBeGreaterThan(0);
  });

  test("grows with the content's bits and with the time its frames took", () => {
    expect(estimateFor(400_000).bytes).toBeGreaterThan(estimateFor(100_000).bytes);
    expect(estimateFor(400_000, 0.008).cpuSeconds).toBeGreaterThan(1.5 * estimateFor(400_000, 0.004).cpuSeconds);
  });

  test("is shorter on more cores, up to what one ffmpeg keeps busy", () => {
    const estimate = estimateFor(400_000);
    expect(encodeSecondsOn(2, estimate)).toBeCloseTo(encodeSecondsOn(1, estimate) / 2, 6);
    expect(encodeSecondsOn(64, estimate)).toBe(encodeSecondsOn(4, estimate));
  });
});
