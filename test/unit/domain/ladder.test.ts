import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { selectRungs } from "../../../src/domain/ladder.ts";
import { rational, toNumber } from "../../../src/domain/rational.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { aVideoTrack } from "../../helpers/sources.ts";

const sizes = fc.tuple(fc.integer({ min: 16, max: 8192 }), fc.integer({ min: 16, max: 8192 }));
const ladders = fc
  .uniqueArray(fc.integer({ min: 1, max: 2160 }), { minLength: 1, maxLength: 8 })
  .map((halves) =>
    aLadder({ rungs: halves.toSorted((a, b) => a - b).map((half, index) => ({ shortSide: 2 * half, capBps: 100_000 * (index + 1) })) }),
  );
const chosen = (displayWidth: number, displayHeight: number): string[] =>
  selectRungs(aVideoTrack({ displayWidth, displayHeight }), aLadder(), rational(30)).rungs.map(({ width, height }) => `${width}x${height}`);

describe("selectRungs, for any picture and ladder", () => {
  test("never goes above the picture", () => {
    fc.assert(
      fc.property(sizes, ladders, ([displayWidth, displayHeight], ladder) => {
        for (const { width, height } of selectRungs(aVideoTrack({ displayWidth, displayHeight }), ladder, rational(30)).rungs) {
          expect(width).toBeLessThanOrEqual(displayWidth);
          expect(height).toBeLessThanOrEqual(displayHeight);
        }
      }),
    );
  });

  test("gives even sides, the aspect kept within one pixel of the long one", () => {
    fc.assert(
      fc.property(sizes, ladders, ([displayWidth, displayHeight], ladder) => {
        const track = aVideoTrack({ displayWidth, displayHeight });
        const aspect = toNumber(track.displayAspect);
        for (const { width, height } of selectRungs(track, ladder, rational(30)).rungs) {
          expect([width % 2, height % 2]).toStrictEqual([0, 0]);
          const [long, exact] = aspect >= 1 ? [width, height * aspect] : [height, width / aspect];
          expect(Math.abs(long - exact)).toBeLessThanOrEqual(1 + 1e-9);
        }
      }),
    );
  });

  test("chooses at least one rung, ascending, and accounts for every configured one", () => {
    fc.assert(
      fc.property(sizes, ladders, ([displayWidth, displayHeight], ladder) => {
        const { rungs, dropped } = selectRungs(aVideoTrack({ displayWidth, displayHeight }), ladder, rational(30));
        const sides = rungs.map(({ shortSide }) => shortSide);
        expect(sides.length).toBeGreaterThan(0);
        expect(sides).toStrictEqual([...new Set(sides)].toSorted((a, b) => a - b));
        const accounted = new Set([...sides, ...dropped.map(({ shortSide }) => shortSide)]);
        expect(ladder.rungs.filter(({ shortSide }) => !accounted.has(shortSide))).toStrictEqual([]);
        expect(dropped.every(({ reason }) => reason !== "")).toBe(true);
      }),
    );
  });

  test("gives a larger rung no smaller cap", () => {
    fc.assert(
      fc.property(sizes, ([displayWidth, displayHeight]) => {
        const caps = selectRungs(aVideoTrack({ displayWidth, displayHeight }), aLadder(), rational(30)).rungs.map(({ capBps }) => capBps);
        expect(caps).toStrictEqual(caps.toSorted((a, b) => a - b));
      }),
    );
  });
});

describe("selectRungs", () => {
  test.each([
    ["1080p", [1920, 1080], ["426x240", "640x360", "854x480", "1280x720", "1920x1080"]],
    ["portrait 1080p", [1080, 1920], ["240x426", "360x640", "480x854", "720x1280", "1080x1920"]],
    ["smaller than every rung", [161, 121], ["160x120"]],
    ["900 lines, between two rungs", [1600, 900], ["426x240", "640x360", "854x480", "1280x720", "1600x900"]],
    ["500 lines, too close above 480 to keep it", [888, 500], ["426x240", "640x360", "888x500"]],
    ["21:9", [2560, 1080], ["568x240", "854x360", "1138x480", "1706x720", "2560x1080"]],
    ["a square", [720, 720], ["240x240", "360x360", "480x480", "720x720"]],
    ["odd sides", [853, 480], ["426x240", "640x360", "852x480"]],
  ])("fits %s", (_what, [width = 0, height = 0], expected) => {
    expect(chosen(width, height)).toStrictEqual(expected);
  });

  test("keeps 853.33 square pixels of an anamorphic picture at 854", () => {
    const track = aVideoTrack({ displayWidth: 853, displayHeight: 480, displayAspect: rational(16, 9) });
    expect(selectRungs(track, aLadder(), rational(30)).rungs.at(-1)).toMatchObject({ width: 854, height: 480 });
  });

  test("says why a rung is dropped", () => {
    const { dropped } = selectRungs(aVideoTrack({ displayWidth: 888, displayHeight: 500 }), aLadder(), rational(30));
    expect(dropped.map(({ shortSide, reason }) => `${shortSide} ${reason}`)).toStrictEqual([
      "480 within 5 % of the source's own size (500)",
      "720 above the source (500)",
      "1080 above the source (500)",
      "1440 above the source (500)",
      "2160 above the source (500)",
    ]);
  });

  test("raises the caps above 30 fps only", () => {
    const capAt = (num: number, den = 1): number | undefined =>
      selectRungs(aVideoTrack(), aLadder(), rational(num, den)).rungs.at(-1)?.capBps;
    expect([capAt(25), capAt(30_000, 1001), capAt(30), capAt(50), capAt(60)]).toStrictEqual([
      5_000_000, 5_000_000, 5_000_000, 7_500_000, 7_500_000,
    ]);
  });

  test("caps a size between two rungs in proportion to its area", () => {
    const top = selectRungs(aVideoTrack({ displayWidth: 1600, displayHeight: 900 }), aLadder(), rational(30)).rungs.at(-1);
    expect(top?.capBps).toBe(Math.round(2_800_000 + (2_200_000 * (900 ** 2 - 720 ** 2)) / (1080 ** 2 - 720 ** 2)));
  });

  test("never caps a tiny picture below 100 kb/s", () => {
    expect(selectRungs(aVideoTrack({ displayWidth: 32, displayHeight: 16 }), aLadder(), rational(30)).rungs[0]?.capBps).toBe(100_000);
  });
});
