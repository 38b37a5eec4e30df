import { describe, expect, test } from "vitest";
import { FAST, ffmpeg, picture, setMatrix } from "../helpers/clips.ts";
import { expectConforming } from "../helpers/conforming.ts";
import { CORNERS, cornersOf } from "../helpers/frames.ts";
import { temporaryFolder } from "../helpers/temporary-folder.ts";

type Matrix = readonly [number, number, number, number];

/** Upright, with its corners marked, 320x180 unless said otherwise; `filters` make of it what the camera stored. */
const marked = (filters: string, size = "320x180"): readonly string[] => [
  ...picture({ size, seconds: 1, rate: "25", filters: [CORNERS, ...(filters === "" ? [] : [filters])].join(",") }),
  ...FAST,
];
const UPRIGHT = "red green blue white";

describe("bad input 60: a picture that its matrix turns is published upright", () => {
  test.each<[what: string, camera: { stored: string; matrix: Matrix; size?: string }]>([
    ["by a quarter", { stored: "transpose=cclock", matrix: [0, 1, -1, 0] }],
    ["by half a turn", { stored: "hflip,vflip", matrix: [-1, 0, 0, -1] }],
    ["by three quarters", { stored: "transpose=clock", matrix: [0, -1, 1, 0] }],
    ["left to right, as front cameras do", { stored: "hflip", matrix: [-1, 0, 0, 1] }],
    ["top to bottom", { stored: "vflip", matrix: [1, 0, 0, -1] }],
    ["by a quarter and left to right", { stored: "transpose=cclock_flip", matrix: [0, 1, 1, 0] }],
    ["by three quarters and left to right", { stored: "transpose=clock_flip", matrix: [0, -1, -1, 0] }],
    ["by a quarter, a portrait", { stored: "transpose=cclock", matrix: [0, 1, -1, 0], size: "180x320" }],
  ])("%s", async (_what, { stored, matrix, size = "320x180" }) => {
    await using folder = await temporaryFolder();
    await ffmpeg(...marked(stored, size), folder.in("a.mp4"));
    await setMatrix(folder.in("a.mp4"), matrix);
    const { sizes, top } = await expectConforming(folder, "a.mp4");
    expect(sizes).toStrictEqual([size]);
    await expect(cornersOf(top)).resolves.toBe(UPRIGHT);
  });

  test("unless it is half a quarter, which players do not show either", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...marked(""), folder.in("a.mp4"));
    await setMatrix(folder.in("a.mp4"), [Math.SQRT1_2, Math.SQRT1_2, -Math.SQRT1_2, Math.SQRT1_2]);
    const { sizes, top } = await expectConforming(folder, "a.mp4");
    expect(sizes).toStrictEqual(["320x180"]);
    await expect(cornersOf(top)).resolves.toBe(UPRIGHT);
  });

  test.each([
    ["a quarter", "transpose=cclock", "90"],
    ["three quarters", "transpose=clock", "270"],
  ])("where only a tag says so: %s", async (_what, stored, degrees) => {
    await using folder = await temporaryFolder();
    await ffmpeg(...marked(stored), "-metadata:s:v:0", `ROTATE=${degrees}`, folder.in("a.mkv"));
    const { sizes, top } = await expectConforming(folder, "a.mkv");
    expect(sizes).toStrictEqual(["320x180"]);
    await expect(cornersOf(top)).resolves.toBe(UPRIGHT);
  });
});

describe("a picture of any shape keeps it, in square pixels", () => {
  test.each<[what: string, shape: { size: string; filters?: string; sizes: readonly string[] }]>([
    ["wide samples", { size: "240x180", filters: "setsar=4/3", sizes: ["320x180"] }],
    ["PAL widescreen", { size: "720x576", filters: "setsar=64/45", sizes: ["1024x576", "854x480", "640x360", "426x240"] }],
    ["narrow samples", { size: "320x180", filters: "setsar=9/16", sizes: ["180x180"] }],
    ["samples that are almost square", { size: "426x240", filters: "setsar=640/639", sizes: ["426x240"] }],
    ["a square", { size: "180x180", sizes: ["180x180"] }],
    ["a portrait", { size: "202x360", sizes: ["202x360"] }],
    ["cinemascope", { size: "420x180", sizes: ["420x180"] }],
    ["bad input 47: odd sides", { size: "161x121", sizes: ["160x120"] }],
    ["an odd height", { size: "320x181", sizes: ["320x180"] }],
    ["a strip", { size: "640x32", sizes: ["640x32"] }],
  ])("%s", async (_what, { size, filters = "", sizes: expected }) => {
    await using folder = await temporaryFolder();
    // VP9 takes odd sizes in 4:2:0, H.264 does not.
    const codec = /[13579](?:x|$)/.test(size) ? ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "200k"] : FAST;
    await ffmpeg(...marked(filters, size), ...codec, folder.in("a.mkv"));
    const { sizes, top } = await expectConforming(folder, "a.mkv");
    expect(sizes).toStrictEqual(expected);
    await expect(cornersOf(top)).resolves.toBe(UPRIGHT);
  });

  test("turned and in wide samples at once", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...marked("transpose=cclock,setsar=3/4", "320x180"), folder.in("a.mp4"));
    await setMatrix(folder.in("a.mp4"), [0, 1, -1, 0]);
    const { sizes, top } = await expectConforming(folder, "a.mp4");
    expect(sizes).toStrictEqual(["318x134"]);
    await expect(cornersOf(top)).resolves.toBe(UPRIGHT);
  });
});
