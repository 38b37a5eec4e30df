import { describe, expect, test } from "vitest";
import { ffmpeg } from "../helpers/clips.ts";
import { expectConforming } from "../helpers/conforming.ts";
import { framesOf } from "../helpers/frames.ts";
import { temporaryFolder } from "../helpers/temporary-folder.ts";

type Rgb = readonly [number, number, number];

/** Four columns and two rows of what the camera saw, in gamma-coded RGB of BT.709. */
const PATCHES: readonly Rgb[] = [
  [16, 16, 16],
  [64, 64, 64],
  [128, 128, 128],
  [192, 192, 192],
  [176, 64, 64],
  [64, 160, 80],
  [64, 80, 176],
  [208, 160, 128],
];
const COLUMNS = 4;
const ROWS = 2;

const hex = (rgb: Rgb): string => rgb.map((value) => value.toString(16).padStart(2, "0")).join("");

/** The patches as an input of half a second, in planar RGB. */
const patches = (colours: readonly Rgb[] = PATCHES): string => {
  const boxes = colours.map(
    (rgb, index) => `drawbox=x=${(index % COLUMNS) * 80}:y=${Math.floor(index / COLUMNS) * 90}:w=80:h=90:t=fill:c=0x${hex(rgb)}`,
  );
  return ["color=black:size=320x180:rate=25:duration=0.5", "format=gbrp", ...boxes].join(",");
};

/** What BT.709 in limited range makes of it (ITU-R BT.709 3). */
function bt709([red, green, blue]: Rgb): Rgb {
  const [r, g, b] = [red / 255, green / 255, blue / 255];
  const luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return [16 + 219 * luma, 128 + (224 * (b - luma)) / 1.8556, 128 + (224 * (r - luma)) / 1.5748];
}

/** The largest differences in luma and chroma between the published patches and what the camera saw. */
async function errorsOf(path: string, colours: readonly Rgb[] = PATCHES): Promise<{ readonly luma: number; readonly chroma: number }> {
  // Finer than the patches, so that blurred edges are not read.
  const [columns, rows] = [COLUMNS * 5, ROWS * 5];
  const planes = await framesOf(path, { columns, rows, format: "yuv444p", frames: 1 });
  const errors = colours.map((rgb, index) => {
    const cell = (Math.floor(index / COLUMNS) * 5 + 2) * columns + (index % COLUMNS) * 5 + 2;
    const wanted = bt709(rgb);
    const [luma = 0, cb = 0, cr = 0] = wanted.map((value, plane) => Math.abs((planes[plane * columns * rows + cell] ?? 0) - value));
    return { luma, chroma: Math.max(cb, cr) };
  });
  return { luma: Math.max(...errors.map(({ luma }) => luma)), chroma: Math.max(...errors.map(({ chroma }) => chroma)) };
}

const UNTAGGED = "setparams=colorspace=unknown:color_primaries=unknown:color_trc=unknown:range=unknown";
const H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "4"];
const HEVC = ["-c:v", "libx265", "-preset", "ultrafast", "-crf", "4", "-x265-params", "log-level=none", "-tag:v", "hvc1"];
const tags = (matrix: string, transfer = matrix, primaries = matrix): readonly string[] => [
  ...["-colorspace", matrix, "-color_trc", transfer, "-color_primaries", primaries],
];
/** zscale guesses nothing, and ends an encode when it would have to. */
const FROM_RGB = "zscale=min=gbr:tin=bt709:pin=bt709:rin=full";
const to709 = (matrix: string, range = "limited"): string => `${FROM_RGB}:t=bt709:p=bt709:m=${matrix}:r=${range}`;
/** From the camera's RGB to HDR whose diffuse white is at 203 nits (ITU-R BT.2408). */
const toHdr = (transfer: string): string =>
  [
    `${FROM_RGB}:t=linear:p=bt709:m=gbr:npl=203`,
    "format=gbrpf32le",
    `zscale=min=gbr:tin=linear:pin=bt709:rin=full:p=bt2020:t=${transfer}:m=bt2020nc:r=limited:npl=203`,
    "format=yuv420p10le",
  ].join(",");

/** Eight-bit rounding of two conversions and a quantiser. */
const SDR_TOLERANCE = 5;
/** What the mapping of wide gamut and high range may add. */
const HDR_LUMA_TOLERANCE = 8;
const HDR_CHROMA_TOLERANCE = 8;

interface Coding {
  readonly file?: string;
  readonly filters: string;
  readonly encode: readonly string[];
}

describe("a picture keeps its colours from", () => {
  test.each<[what: string, coding: Coding]>([
    ["BT.709", { filters: `${to709("bt709")},format=yuv420p`, encode: [...H264, ...tags("bt709")] }],
    ["full range", { filters: `${to709("bt709", "full")},format=yuv420p`, encode: [...H264, ...tags("bt709"), "-color_range", "pc"] }],
    ["BT.601", { filters: `${to709("smpte170m")},format=yuv420p`, encode: [...H264, ...tags("smpte170m")] }],
    ["standard definition that says nothing", { filters: `${to709("smpte170m")},format=yuv420p,${UNTAGGED}`, encode: H264 }],
    ["RGB", { filters: "format=gbrp", encode: ["-c:v", "libx264rgb", "-preset", "ultrafast", "-crf", "4"] }],
    ["Motion JPEG", { file: "a.avi", filters: `${to709("bt470bg", "full")},format=yuvj420p`, encode: ["-c:v", "mjpeg", "-q:v", "2"] }],
    ["10-bit HEVC", { filters: `${to709("bt709")},format=yuv420p10le`, encode: [...HEVC, ...tags("bt709")] }],
    [
      "10-bit 4:2:2 ProRes",
      { file: "a.mov", filters: `${to709("bt709")},format=yuv422p10le`, encode: ["-c:v", "prores_ks", ...tags("bt709")] },
    ],
    ["4:4:4 H.264", { filters: `${to709("bt709")},format=yuv444p`, encode: [...H264, ...tags("bt709")] }],
    [
      "BT.2020 without high dynamic range",
      {
        filters: `${FROM_RGB}:t=bt709:p=bt2020:m=bt2020nc:r=limited,format=yuv420p10le`,
        encode: [...HEVC, ...tags("bt2020nc", "bt709", "bt2020")],
      },
    ],
  ])("%s", async (_what, { file = "a.mp4", filters, encode }) => {
    await using folder = await temporaryFolder();
    await ffmpeg("-f", "lavfi", "-i", patches(), "-vf", filters, ...encode, folder.in(file));
    const { top } = await expectConforming(folder, file);
    const { luma, chroma } = await errorsOf(top);
    expect(luma).toBeLessThanOrEqual(SDR_TOLERANCE);
    expect(chroma).toBeLessThanOrEqual(SDR_TOLERANCE);
  });

  test("grey without any colour", async () => {
    await using folder = await temporaryFolder();
    const greys = PATCHES.map(([, green]): Rgb => [green, green, green]);
    const filters = `${to709("bt709")},format=yuv420p,format=gray`;
    await ffmpeg(
      "-f",
      "lavfi",
      "-i",
      patches(greys),
      "-vf",
      filters,
      "-c:v",
      "libx265",
      "-preset",
      "ultrafast",
      "-crf",
      "4",
      "-x265-params",
      "log-level=none",
      folder.in("a.mkv"),
    );
    const { top } = await expectConforming(folder, "a.mkv");
    expect((await errorsOf(top, greys)).chroma).toBeLessThanOrEqual(SDR_TOLERANCE);
  });
});

describe("bad input 61: high dynamic range is mapped so that", () => {
  const TRANSFERS = [
    ["PQ", "smpte2084"],
    ["HLG", "arib-std-b67"],
  ] as const;

  test.each(TRANSFERS)("what %s shows below white looks as the standard range did", async (_what, transfer) => {
    await using folder = await temporaryFolder();
    const encode = [...HEVC, ...tags("bt2020nc", transfer, "bt2020")];
    await ffmpeg("-f", "lavfi", "-i", patches(), "-vf", toHdr(transfer), ...encode, folder.in("a.mp4"));
    const { top } = await expectConforming(folder, "a.mp4");
    const { luma, chroma } = await errorsOf(top);
    expect(luma).toBeLessThanOrEqual(HDR_LUMA_TOLERANCE);
    expect(chroma).toBeLessThanOrEqual(HDR_CHROMA_TOLERANCE);
  });

  // Code values of ITU-R BT.2408 table 1: black, 18 % grey (26 nits), diffuse white (203 nits), and 1000 nits.
  test.each([
    ["PQ", { transfer: "smpte2084", codes: [64, 397, 572, 723] }],
    ["HLG", { transfer: "arib-std-b67", codes: [64, 397, 721, 940] }],
  ])("the reference levels of %s come out dark, grey, white and whitest", async (_what, { transfer, codes }) => {
    await using folder = await temporaryFolder();
    const [black, grey, white, peak] = codes;
    const steps = `geq=lum='if(lt(X,80),${black},if(lt(X,160),${grey},if(lt(X,240),${white},${peak})))':cb=512:cr=512`;
    const source = `color=black:size=320x180:rate=25:duration=0.5,format=yuv420p10le,${steps}`;
    await ffmpeg("-f", "lavfi", "-i", source, ...HEVC, ...tags("bt2020nc", transfer, "bt2020"), folder.in("a.mp4"));
    const { top } = await expectConforming(folder, "a.mp4");
    const row = await framesOf(top, { columns: 20, rows: 1, format: "yuv444p", frames: 1 });
    const [dark = 0, middle = 0, bright = 0, brightest = 0] = [2, 7, 12, 17].map((column) => row[column] ?? 0);
    expect(dark).toBeLessThanOrEqual(20);
    expect(Math.abs(middle - 109)).toBeLessThanOrEqual(HDR_LUMA_TOLERANCE);
    expect(bright).toBeGreaterThanOrEqual(213);
    expect(brightest).toBeGreaterThan(bright + 5);
    expect(brightest).toBeLessThanOrEqual(240);
  });
});

describe("bad input 61: what is transparent", () => {
  test("is black, what is half transparent half as bright", async () => {
    await using folder = await temporaryFolder();
    const alpha = "geq=lum=200:cb=128:cr=128:a='if(lt(X,106),0,if(lt(X,213),128,255))'";
    const source = `color=white:size=320x180:rate=25:duration=0.5,format=yuva444p,${alpha},format=yuva444p10le`;
    await ffmpeg("-f", "lavfi", "-i", source, "-c:v", "prores_ks", "-profile:v", "4444", ...tags("bt709"), folder.in("a.mov"));
    const { top } = await expectConforming(folder, "a.mov");
    const row = await framesOf(top, { columns: 15, rows: 1, format: "yuv444p", frames: 1 });
    const [none = 0, half = 0, whole = 0] = [2, 7, 12].map((column) => row[column] ?? 0);
    expect(none).toBeLessThanOrEqual(20);
    expect(Math.abs(half - 108)).toBeLessThanOrEqual(8);
    expect(Math.abs(whole - 200)).toBeLessThanOrEqual(SDR_TOLERANCE);
  });
});
