import { describe, expect, test } from "vitest";
import { ffmpeg } from "../helpers/clips.ts";
import { expectConforming } from "../helpers/conforming.ts";
import { runCommand } from "../../src/process/run-command.ts";
import { temporaryFolder } from "../helpers/temporary-folder.ts";

/** Upright bars that move sideways: comb teeth wherever two fields are shown as one frame, and nowhere else. */
const bars = (rate: string): string =>
  `color=black:size=320x240:rate=${rate}:duration=2,geq=lum='if(lt(mod(X+5*N,80),40),200,60)':cb=128:cr=128`;
/** The bars as fields: 50 or 59.94 a second become 25 or 29.97 frames. */
const fields = (first: "tff" | "bff", rate = "50"): readonly string[] => [
  "-f",
  "lavfi",
  "-i",
  bars(rate),
  "-vf",
  `interlace=scan=${first}`,
];
const undeclared = (first: "tff" | "bff"): readonly string[] => [
  "-f",
  "lavfi",
  "-i",
  `${bars("50")},interlace=scan=${first},setfield=prog`,
];

const QUICK = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "20"];
const MPEG2 = ["-c:v", "mpeg2video", "-q:v", "3", "-flags", "+ildct+ilme"];

/** The share of published frames in which ffmpeg's idet sees fields. */
async function combedShare(path: string): Promise<number> {
  const print = "idet,metadata=mode=print:key=lavfi.idet.multiple.current_frame:file=-";
  const args = ["-v", "error", "-nostdin", "-i", path, "-vf", print, "-f", "null", "-"];
  const { stdout } = await runCommand({ command: "ffmpeg", args, signal: new AbortController().signal });
  const found = [...stdout.matchAll(/current_frame=(\w+)/g)].map(([, kind]) => kind);
  expect(found.length).toBeGreaterThan(20);
  return found.filter((kind) => kind === "tff" || kind === "bff").length / found.length;
}

const FEW = 0.1;

describe("fields become whole frames, from", () => {
  test.each<[what: string, source: { file: string; input: readonly string[]; encode: readonly string[]; rate?: string }]>([
    ["MPEG-2 for PAL, top field first", { file: "a.ts", input: fields("tff"), encode: [...MPEG2, "-top", "1"] }],
    [
      "MPEG-2 for NTSC, bottom field first",
      { file: "a.mpg", input: fields("bff", "60000/1001"), encode: [...MPEG2, "-top", "0"], rate: "30000/1001" },
    ],
    ["H.264 (MBAFF), top field first", { file: "a.mp4", input: fields("tff"), encode: [...QUICK, "-x264opts", "tff=1"] }],
    ["H.264 (MBAFF), bottom field first", { file: "a.mkv", input: fields("bff"), encode: [...QUICK, "-x264opts", "bff=1"] }],
    [
      "H.264 whose container says that it is progressive",
      { file: "a.mkv", input: undeclared("bff"), encode: [...QUICK, "-x264opts", "bff=1"] },
    ],
    ["ProRes", { file: "a.mov", input: fields("tff"), encode: ["-c:v", "prores_ks", "-flags", "+ildct"] }],
    ["MPEG-4 that does not say so", { file: "a.avi", input: undeclared("tff"), encode: ["-c:v", "mpeg4", "-q:v", "3"] }],
    [
      "MPEG-4 that does not say so, bottom field first",
      { file: "a.avi", input: undeclared("bff"), encode: ["-c:v", "mpeg4", "-q:v", "3"] },
    ],
    ["Motion JPEG that does not say so", { file: "a.avi", input: undeclared("tff"), encode: ["-c:v", "mjpeg", "-q:v", "3"] }],
  ])("%s", async (_what, { file, input, encode, rate = "25" }) => {
    await using folder = await temporaryFolder();
    await ffmpeg(...input, ...encode, folder.in(file));
    const { top, frameRate } = await expectConforming(folder, file);
    expect(frameRate).toBe(rate);
    await expect(combedShare(top)).resolves.toBeLessThan(FEW);
  });
});

describe("whole frames are left as they are, from", () => {
  test("MPEG-4 that does not say what it is", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg("-f", "lavfi", "-i", bars("25"), "-c:v", "mpeg4", "-q:v", "2", folder.in("a.avi"));
    const { top, frameRate } = await expectConforming(folder, "a.avi");
    expect(frameRate).toBe("25");
    await expect(combedShare(top)).resolves.toBeLessThan(FEW);
  });
});
