import { describe, expect, test } from "vitest";
import { decideFields, whereFieldsHide } from "../../../src/media/detect-fields.ts";

describe("a sample's frames", () => {
  test.each([
    [{ tff: 90, bff: 0, progressive: 10 }, "top"],
    [{ tff: 2, bff: 80, progressive: 0 }, "bottom"],
    [{ tff: 0, bff: 0, progressive: 100 }, undefined],
    [{ tff: 58, bff: 0, progressive: 42 }, undefined],
    [{ tff: 4, bff: 0, progressive: 0 }, undefined],
    [{ tff: 0, bff: 0, progressive: 0 }, undefined],
  ] as const)("%j have the first field %s", (votes, first) => {
    expect(decideFields(votes)).toBe(first);
  });
});

describe("undeclared fields are looked for", () => {
  test.each([
    ["mpeg4", "unknown", "pictures"],
    ["mjpeg", undefined, "pictures"],
    ["h264", "progressive", "flags"],
    ["h264", "tt", "nowhere"],
    ["vp9", "unknown", "nowhere"],
    ["av1", undefined, "nowhere"],
  ])("of %s with the field order %s: %s", (codec, order, expected) => {
    expect(whereFieldsHide(codec, order)).toBe(expected);
  });
});
