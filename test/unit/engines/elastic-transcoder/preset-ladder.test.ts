import { describe, expect, test } from "vitest";
import { ladderOfPresets } from "../../../../src/engines/elastic-transcoder/preset-ladder.ts";
import { aLadder } from "../../../helpers/ladders.ts";

const id = (number: string): string => `1351620000001-${number}`;
const of = (...numbers: readonly string[]) => ladderOfPresets(numbers.map(id), [], aLadder());
const CUSTOM = {
  id: "1234567890123-abc123",
  name: "our 1080p",
  container: "ts",
  video: { codec: "H.264", bitrateBps: 6_000_000, maxWidth: 1920, maxHeight: 1080 },
};

describe("the presets of a job", () => {
  test("are rungs at the sizes of their boxes and at their rates, with the best of their sounds, and all of them are made", () => {
    expect(of("200015", "200055", "200035", "200060")).toMatchObject({
      kind: "ladder",
      ladder: {
        name: "elastic-transcoder-presets",
        rungs: [
          { shortSide: 224, capBps: 272_000 },
          { shortSide: 360, capBps: 872_000 },
          { shortSide: 576, capBps: 1_872_000 },
        ],
        audioBps: 160_000,
        passThrough: false,
        perTitle: false,
      },
    });
  });

  test("of one size are one rung, of HLS and MPEG-DASH together", () => {
    expect(of("200035", "500040")).toMatchObject({ ladder: { rungs: [{ shortSide: 360, capBps: 1_200_000 }] } });
  });

  test("may be custom ones whose settings are at hand", () => {
    expect(ladderOfPresets([CUSTOM.id], [CUSTOM], aLadder())).toMatchObject({
      ladder: { rungs: [{ shortSide: 1080, capBps: 6_000_000 }] },
    });
  });

  test.each([
    { what: "a custom one that nobody knows", ids: [id("200015"), CUSTOM.id], position: 1, words: "is not a system preset" },
    { what: "a system preset of which only the name is known", ids: [id("200010")], position: 0, words: "HLS 2M" },
    { what: "one without a size", ids: [id("000001")], position: 0, words: "is not known" },
    { what: "sound alone", ids: [id("200060")], position: 0, words: "picture" },
  ])("are refused for $what, by its place", ({ ids, position, words }) => {
    const made = ladderOfPresets(ids, [], aLadder());
    expect(made).toMatchObject({ kind: "problem", position });
    expect(made.kind === "problem" && made.problem).toContain(words);
  });
});
