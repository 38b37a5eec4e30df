import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { ConfigError } from "../../../src/config/config-error.ts";
import { laddersInForce, loadLadders } from "../../../src/config/ladders.ts";
import type { Ladder } from "../../../src/domain/ladder.ts";

const H264 = { codec: "h264", preset: "fast", crf: 21 } as const;
const HEVC = { codec: "hevc", preset: "fast", crf: 24, capFactor: 0.65 } as const;
const AV1 = { codec: "av1", preset: 10, crf: 35, capFactor: 0.6 } as const;

const LADDER: Ladder = {
  name: "mine",
  codecs: [H264],
  rungs: [
    { shortSide: 240, capBps: 400_000 },
    { shortSide: 480, capBps: 1_400_000 },
  ],
  highFrameRateFactor: 1.5,
  gopSeconds: 2,
  gopsPerSegment: 3,
  audioBps: 128_000,
  surroundBps: 384_000,
  audioOnlyBps: [64_000, 128_000],
  passThrough: true,
  perTitle: true,
};

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ladderd-ladders-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function problemsWith(change: Readonly<Record<string, unknown>>, file = "mine.json"): readonly string[] {
  writeFileSync(join(folder, file), JSON.stringify({ ...LADDER, ...change }));
  try {
    loadLadders(folder);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("loadLadders", () => {
  it("accepts every ladder that ships, by name", () => {
    expect([...loadLadders().keys()]).toEqual(["h264-av1", "h264-fast", "h264-hevc", "h264"]);
  });

  it("accepts a ladder of one's own", () => {
    expect(problemsWith({})).toEqual([]);
    expect(loadLadders(folder).get("mine")?.rungs).toHaveLength(2);
  });

  it("accepts further codecs beside H.264", () => {
    expect(problemsWith({ codecs: [H264, HEVC, AV1] })).toEqual([]);
    expect(loadLadders(folder).get("mine")?.codecs).toEqual([H264, HEVC, AV1]);
  });

  it("says why H.264 must stay", () => {
    expect(problemsWith({ codecs: [AV1] })).toEqual([expect.stringContaining("codecs: must have h264 among them: every player has it")]);
  });

  it("gives 5.1 its usual bit rate and leaves loudness alone unless told otherwise", () => {
    const { surroundBps: _surroundBps, ...older } = LADDER;
    writeFileSync(join(folder, "mine.json"), JSON.stringify(older));
    expect(loadLadders(folder).get("mine")).toStrictEqual({ ...LADDER, surroundBps: 320_000 });
    const loudness = { targetLufs: -16, truePeakDbtp: -1.5 };
    expect(problemsWith({ loudness })).toEqual([]);
    expect(loadLadders(folder).get("mine")?.loudness).toEqual(loudness);
  });

  it("fits ladders to the content unless a ladder or the configuration says otherwise", () => {
    expect([...loadLadders().values()].map(({ perTitle }) => perTitle)).not.toContain(false);
    expect(problemsWith({ perTitle: false })).toEqual([]);
    expect(loadLadders(folder).get("mine")?.perTitle).toBe(false);
    expect([...laddersInForce({ perTitle: false }).values()].map(({ perTitle }) => perTitle)).not.toContain(true);
    expect(laddersInForce({ perTitle: true })).toEqual(loadLadders());
  });

  const [low, high] = LADDER.rungs;
  it.each([
    ["bad input 71: no rungs", { rungs: [] }, "rungs"],
    ["bad input 71: unsorted rungs", { rungs: [high, low] }, "rungs"],
    ["bad input 71: the same rung twice", { rungs: [low, low] }, "rungs"],
    ["bad input 71: an odd size", { rungs: [{ shortSide: 241, capBps: 400_000 }] }, "rungs[0].shortSide"],
    ["bad input 71: a cap that does not grow", { rungs: [low, { shortSide: 480, capBps: 400_000 }] }, "rungs"],
    ["a codec without a compiler", { codecs: [{ ...H264, codec: "theora" }] }, "codecs[0].codec"],
    ["a preset x264 does not have", { codecs: [{ ...H264, preset: "quick" }] }, "codecs[0].preset"],
    ["an x264 preset for AV1", { codecs: [H264, { ...AV1, preset: "fast" }] }, "codecs[1].preset"],
    ["a number for an x265 preset", { codecs: [H264, { ...HEVC, preset: 10 }] }, "codecs[1].preset"],
    ["half a quality step of AV1", { codecs: [H264, { ...AV1, crf: 34.5 }] }, "codecs[1].crf"],
    ["a second codec whose caps nobody names", { codecs: [H264, { ...AV1, capFactor: undefined }] }, "codecs[1].capFactor"],
    ["caps above those of H.264", { codecs: [H264, { ...AV1, capFactor: 1.2 }] }, "codecs[1].capFactor"],
    ["a codec named twice", { codecs: [H264, { ...H264, crf: 30 }] }, "codecs"],
    ["no codec", { codecs: [] }, "codecs"],
    ["a loudness no listener could bear", { loudness: { targetLufs: 3, truePeakDbtp: -1.5 } }, "loudness.targetLufs"],
    ["half a loudness", { loudness: { targetLufs: -16 } }, "loudness.truePeakDbtp"],
    ["a field of loudness nobody reads", { loudness: { targetLufs: -16, truePeakDbtp: -1.5, lra: 11 } }, "lra"],
    ["a field nobody reads", { bitrate: 1 }, "bitrate"],
    ["a name that is not the file's", { name: "other" }, "name"],
  ])("refuses %s and names file and field", (_, change, field) => {
    const found = problemsWith(change);
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]).toContain("config/ladders/mine.json: ");
    expect(found.join("\n")).toContain(field);
  });

  it("reports the problems of all files at once", () => {
    writeFileSync(join(folder, "broken.json"), "{");
    expect(problemsWith({ codecs: [{ ...H264, crf: 99 }] })).toEqual([
      expect.stringContaining("broken.json"),
      expect.stringContaining("mine.json: codecs[0].crf"),
    ]);
  });
});
