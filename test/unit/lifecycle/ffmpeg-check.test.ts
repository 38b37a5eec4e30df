import { describe, expect, it } from "vitest";

import { encodersFor, judgeFfmpeg } from "../../../src/lifecycle/ffmpeg-check.ts";
import { isOlder, isRecommended, parseVersion } from "../../../src/lifecycle/ffmpeg-version.ts";

const facts = (version: string, missing: { encoders?: readonly string[]; filters?: readonly string[] } = {}) => ({
  version,
  missingEncoders: missing.encoders ?? [],
  missingFilters: missing.filters ?? [],
});

describe("parseVersion", () => {
  it.each([
    ["5.1.9-0+deb12u1", [5, 1, 9]],
    ["n7.1", [7, 1]],
    ["7.0.2-static", [7, 0, 2]],
    ["6.1.1-3ubuntu5", [6, 1, 1]],
    ["N-118193-g5f38c82", undefined],
    ["2026-01-05-git-abc", undefined],
    ["unknown", undefined],
  ])("reads %s", (text, expected) => {
    expect(parseVersion(text)).toEqual(expected);
  });
});

describe("isOlder", () => {
  it.each([
    [[5, 1], [5, 1, 0], false],
    [[5, 0, 9], [5, 1], true],
    [[10, 0], [9, 9], false],
    [[5, 1], [5, 1, 1], true],
  ])("%j than %j: %s", (version, other, expected) => {
    expect(isOlder(version, other)).toBe(expected);
  });
});

describe("isRecommended", () => {
  it.each([
    [[8, 1, 2], true],
    [[8, 1, 1], false],
    [[8, 0, 3], true],
    [[8, 0], false],
    [[7, 1, 5], true],
    [[7, 1, 4], false],
    [[5, 1, 9], false],
    [[9, 0, 2], true],
  ])("%j: %s", (version, expected) => {
    expect(isRecommended(version)).toBe(expected);
  });
});

const REQUIRED = { minimumVersion: "5.1", encoders: encodersFor({ codecs: [{ codec: "h264", preset: "fast", crf: 21 }] }) };

describe("encodersFor", () => {
  it("names what the renditions of a ladder are encoded with", () => {
    const av1 = { codec: "av1", preset: 10, crf: 35, capFactor: 0.6 } as const;
    expect(encodersFor({ codecs: [{ codec: "h264", preset: "fast", crf: 21 }, av1] })).toEqual(["libx264", "libsvtav1", "aac"]);
  });
});

describe("judgeFfmpeg", () => {
  it("warns of an encoder that only other ladders need", () => {
    const { problems, warnings } = judgeFfmpeg(facts("9.0.2", { encoders: ["libsvtav1"] }), REQUIRED);
    expect(problems).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/libsvtav1: ladders that need it/)]);
  });

  it("fault 52, bad input 73: refuses one that is too old or cannot encode", () => {
    expect(judgeFfmpeg(facts("4.4.2", { encoders: ["libx264"] }), REQUIRED).problems).toEqual([
      expect.stringContaining("older than 5.1"),
      expect.stringContaining("libx264"),
    ]);
  });

  it("warns of known holes and of filters that some sources need", () => {
    const { problems, warnings } = judgeFfmpeg(facts("5.1.9", { filters: ["zscale"] }), REQUIRED);
    expect(problems).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining("known holes"), expect.stringMatching(/zscale: HDR/)]);
  });

  it("takes a build without a number for a new one", () => {
    expect(judgeFfmpeg(facts("N-118193-g5f38c82"), REQUIRED)).toEqual({ problems: [], warnings: [] });
  });
});
