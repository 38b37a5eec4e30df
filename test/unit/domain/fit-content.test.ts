import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planEncode } from "../../../src/domain/plan-encode.ts";
import { aContent } from "../../helpers/content.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { aSource } from "../../helpers/sources.ts";

const LADDER = aLadder({ perTitle: true });
const planFor = (bps: number) => planEncode(aSource(), LADDER, { content: aContent(bps) });
const sidesOf = (bps: number): number[] => planFor(bps).video.map(({ height }) => height);

describe("a plan fitted to its content", () => {
  test("keeps every rung and every cap of content that needs all of them", () => {
    const fitted = planFor(20_000_000);
    expect(fitted.video).toStrictEqual(planEncode(aSource(), LADDER).video);
  });

  test("drops the rungs whose bandwidth carries a larger picture, each with a reason that names it", () => {
    const { dropped } = planFor(50_000);
    expect(sidesOf(50_000)).toStrictEqual([480, 1080]);
    expect(dropped.filter(({ reason }) => reason.startsWith("content: ")).map(({ shortSide }) => shortSide)).toStrictEqual([240, 360, 720]);
    expect(dropped.find(({ shortSide }) => shortSide === 720)?.reason).toMatch(/1080 lines need \d+ kb\/s/);
  });

  test("keeps the largest picture that each bandwidth of the ladder carries", () => {
    const { video } = planFor(170_000);
    expect(video.map(({ height }) => height)).toStrictEqual([480, 720, 1080]);
  });

  test("sets no cap above the ladder's, and none that would spoil the smallest picture", () => {
    fc.assert(
      fc.property(fc.integer({ min: 5000, max: 30_000_000 }), (bps) => {
        const fixed = planEncode(aSource(), LADDER).video;
        for (const { id, capBps, bufferBits } of planFor(bps).video) {
          expect(capBps).toBeLessThanOrEqual(fixed.find((entry) => entry.id === id)?.capBps ?? 0);
          expect(capBps).toBeGreaterThanOrEqual(150_000);
          expect(bufferBits).toBe(2 * capBps);
        }
      }),
    );
  });

  test("leaves players at least two sizes, the largest among them and one for the slowest connection, whatever the content", () => {
    fc.assert(
      fc.property(fc.integer({ min: 5000, max: 30_000_000 }), (bps) => {
        const { video, estimate } = planFor(bps);
        expect(video.length).toBeGreaterThanOrEqual(2);
        expect(video.at(-1)?.height).toBe(1080);
        expect(estimate.renditions[0]?.averageBps).toBeLessThanOrEqual(400_000);
      }),
    );
  });

  test("gives a burst in one window the cap it needs", () => {
    const even = planFor(100_000).video.at(-1)?.capBps ?? 0;
    const burst = planEncode(aSource(), LADDER, { content: aContent(0, { windowBps: [20_000, 20_000, 20_000, 340_000] }) });
    expect(burst.video.at(-1)?.capBps).toBeGreaterThan(1.5 * even);
  });

  test("is the configured one where nothing could be measured", () => {
    const content = { kind: "unknown", reason: "the content could not be measured" } as const;
    const plan = planEncode(aSource(), LADDER, { content });
    expect(plan.video).toStrictEqual(planEncode(aSource(), aLadder()).video);
    expect(plan.content).toStrictEqual(content);
  });

  test("takes small text for text, though it vanishes in small pictures as grain does", () => {
    const text = { sizeExponent: 1.13, ssim: 0.996 };
    const plan = planEncode(aSource(), LADDER, { content: aContent(145_000, text) });
    expect(plan.video.map(({ height }) => height)).toStrictEqual(
      planEncode(aSource(), LADDER, { content: aContent(145_000, { ...text, sizeExponent: 0.8 }) }).video.map(({ height }) => height),
    );
    expect(plan.dropped.filter(({ reason }) => reason.includes("grain"))).toStrictEqual([]);
    expect(plan.estimate.bytes).toBeLessThan(
      planEncode(aSource(), LADDER, { content: aContent(145_000, { ...text, ssim: 0.9 }) }).estimate.bytes,
    );
  });

  test("spaces the rungs that grain starves, and leaves the others alone", () => {
    const ladder = aLadder({ perTitle: true, codecs: [{ codec: "h264", preset: "faster", crf: 21 }] });
    const grain = planEncode(aSource(), ladder, { content: aContent(440_000, { sizeExponent: 1.3, ssim: 0.9 }) });
    expect(grain.video.map(({ height, capBps }) => [height, capBps])).toStrictEqual([
      [240, expect.any(Number)],
      [360, 800_000],
      [720, 2_000_000],
      [1080, 5_000_000],
    ]);
    expect(grain.dropped.find(({ shortSide }) => shortSide === 480)?.reason).toMatch(/grain .* 720 lines at 2000 kb\/s/);
  });

  test("goes nearly two steps of CRF up where the probe's picture was as good as the source's", () => {
    const crfOf = (ssim: number) => planEncode(aSource(), LADDER, { content: aContent(100_000, { ssim }) }).video[0]?.crf;
    expect([crfOf(0.97), crfOf(0.995)]).toStrictEqual([23, 24.75]);
  });
});
