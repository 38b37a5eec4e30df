import { describe, expect, test } from "vitest";
import { decideFields, mayHideFields } from "../../../src/media/detect-fields.ts";

describe("a sample's frames", () => {
  test.each([
    [{ tff: 90, bff: 0, progressive: 10 }, "top"],
    [{ tff: 2, bff: 80, progressive: 0 }, "bottom"],
    [{ tff: 0, bff: 0, progressive: 100 }, undefined],
    [{ tff: 30, bff: 10, progressive: 60 }, undefined],
    [{ tff: 4, bff: 0, progressive: 0 }, undefined],
    [{ tff: 0, bff: 0, progressive: 0 }, undefined],
  ] as const)("%j have the first field %s", (votes, first) => {
    expect(decideFields(votes)).toBe(first);
  });
});

describe("a stream is looked into", () => {
  test.each([
    ["mpeg4", "unknown", true],
    ["mjpeg", undefined, true],
    ["h264", "progressive", false],
    ["h264", "tt", false],
    ["vp9", "unknown", false],
    ["av1", undefined, false],
  ])("%s with the field order %s: %s", (codec, order, expected) => {
    expect(mayHideFields(codec, order)).toBe(expected);
  });
});
