import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contentWindows, reasonNotToMeasure } from "../../../src/domain/content.ts";

describe("contentWindows", () => {
  test("looks at four windows of two seconds, evenly spread, of a minute", () => {
    expect(contentWindows(60)).toStrictEqual([6.5, 21.5, 36.5, 51.5].map((startSeconds) => ({ startSeconds, seconds: 2 })));
  });

  test("looks at one window in the middle of a short source, and at no more than there is", () => {
    expect(contentWindows(10)).toStrictEqual([{ startSeconds: 4, seconds: 2 }]);
    expect(contentWindows(1)).toStrictEqual([{ startSeconds: 0, seconds: 1 }]);
  });

  test("stays inside the source and apart, whatever its length", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 50_000, noNaN: true }), (durationSeconds) => {
        const windows = contentWindows(durationSeconds);
        let end = 0;
        for (const { startSeconds, seconds } of windows) {
          expect(startSeconds).toBeGreaterThanOrEqual(end - 1e-9);
          end = startSeconds + seconds;
        }
        expect(end).toBeLessThanOrEqual(durationSeconds + 1e-9);
        expect(windows.length * 2).toBeLessThanOrEqual(Math.max(2, durationSeconds * 0.14));
      }),
    );
  });
});

const USUAL = { perTitle: true, sizes: 5, durationSeconds: 60, isCopied: false };

describe("reasonNotToMeasure", () => {
  test("has none for a source with a choice of sizes", () => {
    expect(reasonNotToMeasure(USUAL)).toBeUndefined();
  });

  test.each([
    ["perTitle is off", { ...USUAL, perTitle: false }, /perTitle/],
    ["the source is copied", { ...USUAL, isCopied: true }, /its own/],
    ["there are two sizes", { ...USUAL, sizes: 2 }, /sizes/],
    ["the source is shorter than a segment", { ...USUAL, durationSeconds: 5 }, /shorter/],
  ])("says when %s", (_, prospect, reason) => {
    expect(reasonNotToMeasure(prospect)).toMatch(reason);
  });
});
