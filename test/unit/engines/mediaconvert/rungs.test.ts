import { describe, expect, test } from "vitest";
import { madePlan } from "../../../../src/engines/mediaconvert/rungs.ts";
import { aLadder } from "../../../helpers/ladders.ts";
import { aPlan } from "../../../helpers/plans.ts";
import { aSource } from "../../../helpers/sources.ts";

const rungs = [
  { shortSide: 240, capBps: 400_000 },
  { shortSide: 480, capBps: 1_400_000 },
];
const PLAN = aPlan(aSource(), aLadder({ rungs }));

/** A multivariant playlist of these pictures. */
const multivariant = (...pictures: readonly (readonly [uri: string, size: string, bps: number])[]): string =>
  ["#EXTM3U", ...pictures.map(([uri, size, bps]) => `#EXT-X-STREAM-INF:BANDWIDTH=${bps},RESOLUTION=${size}\n${uri}`), ""].join("\n");

const OWN = multivariant(["index_v240.m3u8", "426x240", 400_000], ["index_v480.m3u8", "854x480", 1_400_000]);
const CHOSEN = multivariant(
  ["index_v_1.m3u8", "1920x1080", 4_000_000],
  ["index_v_2.m3u8", "1280x720", 2_000_000],
  ["index_v_3.m3u8", "1280x720", 1_500_000],
);

describe("what MediaConvert made of a plan", () => {
  test("is the plan when the rungs are ours", () => {
    const { plan, playlists } = madePlan(PLAN, OWN);
    expect(plan).toBe(PLAN);
    expect(playlists.map(({ playlist }) => playlist)).toStrictEqual(["index_v240.m3u8", "index_v480.m3u8", "index_a-en.m3u8"]);
  });

  test("has the service's own rungs with automated ABR, ascending, those of one size told apart", () => {
    const { plan, playlists } = madePlan(PLAN, CHOSEN);
    expect(plan.video.map(({ id, width, height, capBps }) => [id, width, height, capBps])).toStrictEqual([
      ["v720", 1280, 720, 1_500_000],
      ["v720-2", 1280, 720, 2_000_000],
      ["v1080", 1920, 1080, 4_000_000],
    ]);
    expect(plan.audio).toStrictEqual(PLAN.audio);
    expect(playlists).toStrictEqual([
      expect.objectContaining({ id: "v720", playlist: "index_v_3.m3u8" }),
      expect.objectContaining({ id: "v720-2", playlist: "index_v_2.m3u8" }),
      expect.objectContaining({ id: "v1080", playlist: "index_v_1.m3u8" }),
      { id: "a-en", playlist: "index_a-en.m3u8" },
    ]);
  });

  test("names a picture once that stands beside several audio groups", () => {
    const twice = `${OWN}${CHOSEN.replace("#EXTM3U\n", "")}`.replaceAll(/index_v(?:240|480)\.m3u8/g, "index_v_1.m3u8");
    expect(madePlan(PLAN, twice).plan.video).toHaveLength(3);
  });

  test("keeps asking for a rung of ours that the playlist has lost", () => {
    const half = multivariant(["index_v240.m3u8", "426x240", 400_000]);
    expect(madePlan(PLAN, half).playlists.map(({ id }) => id)).toContain("v480");
  });

  test("of sound alone needs no multivariant playlist", () => {
    const plan = aPlan(aSource({ video: undefined }));
    expect(madePlan(plan, undefined).plan).toBe(plan);
  });

  test.each([
    ["is missing", undefined],
    ["is none", "<MPD/>"],
    ["names no picture", "#EXTM3U\n"],
    ["leads out of the revision", multivariant(["../../v.m3u8", "426x240", 1])],
    ["says no size", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nindex_v_1.m3u8\n"],
  ])("is refused when the multivariant playlist %s", (_name, text) => {
    expect(() => madePlan(PLAN, text)).toThrow(expect.objectContaining({ code: "output_incomplete" }));
  });
});
