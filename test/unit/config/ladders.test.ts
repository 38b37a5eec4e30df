import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { ConfigError } from "../../../src/config/config-error.ts";
import { loadLadders } from "../../../src/config/ladders.ts";
import type { Ladder } from "../../../src/domain/ladder.ts";

const H264 = { codec: "h264", preset: "fast", crf: 21 } as const;

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
  audioOnlyBps: [64_000, 128_000],
  passThrough: true,
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
    expect([...loadLadders().keys()]).toEqual(["h264-fast", "h264"]);
  });

  it("accepts a ladder of one's own", () => {
    expect(problemsWith({})).toEqual([]);
    expect(loadLadders(folder).get("mine")?.rungs).toHaveLength(2);
  });

  const [low, high] = LADDER.rungs;
  it.each([
    ["no rungs", { rungs: [] }, "rungs"],
    ["unsorted rungs", { rungs: [high, low] }, "rungs"],
    ["the same rung twice", { rungs: [low, low] }, "rungs"],
    ["an odd size", { rungs: [{ shortSide: 241, capBps: 400_000 }] }, "rungs[0].shortSide"],
    ["a cap that does not grow", { rungs: [low, { shortSide: 480, capBps: 400_000 }] }, "rungs"],
    ["a codec without a compiler", { codecs: [{ ...H264, codec: "theora" }] }, "codecs[0].codec"],
    ["a preset x264 does not have", { codecs: [{ ...H264, preset: "quick" }] }, "codecs[0].preset"],
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
