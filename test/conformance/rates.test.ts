import { describe, expect, test } from "vitest";
import { FAST, ffmpeg, picture, tone } from "../helpers/clips.ts";
import { expectConforming } from "../helpers/conforming.ts";
import { temporaryFolder } from "../helpers/temporary-folder.ts";

describe("bad input 56: frames a second", () => {
  test.each([
    ["24000/1001", "24000/1001"],
    ["25", "25"],
    ["30000/1001", "30000/1001"],
    ["50", "50"],
    ["60000/1001", "60000/1001"],
    ["60", "60"],
    ["100", "50"],
    ["120", "60"],
    ["240", "60"],
    ["15", "15"],
    ["8797/1000", "8797/1000"],
    ["1", "8"],
  ])("%s are published as %s", async (rate, published) => {
    await using folder = await temporaryFolder();
    const seconds = rate === "1" ? 8 : 3;
    await ffmpeg(...picture({ size: "320x180", rate, seconds }), ...tone({ seconds }), ...FAST, folder.in("a.mp4"));
    const { frameRate, seconds: lasts } = await expectConforming(folder, "a.mp4");
    expect(frameRate).toBe(published);
    expect(Math.abs(lasts - seconds)).toBeLessThanOrEqual(0.15);
  });

  test.each([
    ["that come and go", "select='lt(mod(t,1),0.5)+not(mod(n,5))'"],
    ["of which every third is missing", "select='mod(n,3)'"],
    ["at irregular times", "setpts='PTS+0.012*mod(N*7,3)/TB'"],
  ])("%s are published at one rate", async (_what, filters) => {
    await using folder = await temporaryFolder();
    await ffmpeg(
      ...picture({ size: "320x180", seconds: 4, filters }),
      ...tone({ seconds: 4 }),
      "-vsync",
      "vfr",
      ...FAST,
      folder.in("a.mkv"),
    );
    await expectConforming(folder, "a.mkv");
  });

  test("that a header exaggerates are counted", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(
      ...picture({ size: "320x180", seconds: 2, rate: "25" }),
      ...FAST,
      "-video_track_timescale",
      "90000",
      "-r",
      "25",
      folder.in("a.mp4"),
    );
    const { frameRate } = await expectConforming(folder, "a.mp4");
    expect(frameRate).toBe("25");
  });
});
