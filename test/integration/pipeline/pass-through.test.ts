import { readFile, readdir, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { loadConfig } from "../../../src/config/load.ts";
import type { PassThrough } from "../../../src/domain/pass-through.ts";
import { probeSource } from "../../../src/media/probe-source.ts";
import { runCommand } from "../../../src/process/run-command.ts";
import { conformance } from "../../conformance/conformance.ts";
import { COPYABLE, ffmpeg, patch, picture, rotate, tone } from "../../helpers/clips.ts";
import { KEY, KEY_ID, anEncryption } from "../../helpers/encryption.ts";
import { fakeProgram } from "../../helpers/fake-program.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { aPlan } from "../../helpers/plans.ts";
import { complaintsOf } from "../../helpers/published.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import type { TranscodeOptions } from "../../helpers/transcode.ts";
import { transcodeIn } from "../../helpers/transcode.ts";
import { NO_FENCES } from "../../../src/process/sandbox.ts";

const { signal } = new AbortController();
const { limits, ffmpeg: programs, packager } = loadConfig({ env: { PATH: process.env["PATH"], NODE_ENV: "test" } });
const record = z.looseObject({
  revision: z.string(),
  renditions: z.array(z.looseObject({ id: z.string(), copied: z.boolean().optional() })),
  degraded: z.array(z.string()).optional(),
});

const SIZE = "480x270";
const gop = (frames: number): readonly string[] => ["-g", `${frames}`, "-keyint_min", `${frames}`, "-sc_threshold", "0"];

const asset = async (folder: TemporaryFolder) => record.parse(JSON.parse(await readFile(folder.in("out", "asset.json"), "utf8")));

/** Size and MD5 of every video packet in decode order. */
async function packetsOf(path: string): Promise<readonly string[]> {
  const args = ["-v", "error", "-nostdin", "-i", path, "-map", "0:v:0", "-c", "copy", "-f", "framemd5", "-"];
  const { stdout, exitCode } = await runCommand({ command: "ffmpeg", args, signal });
  expect(exitCode).toBe(0);
  const lines = stdout.split("\n").filter((line) => /^\d/.test(line));
  return lines.map((line) => line.split(/,\s*/).slice(4, 6).join(" "));
}

/** Everything of a rendition as bytes. */
async function bytesOf(folder: string): Promise<Buffer> {
  const names = ["init.mp4", ...(await readdir(folder)).filter((name) => name.endsWith(".m4s")).toSorted()];
  return Buffer.concat(await Promise.all(names.map((name) => readFile(`${folder}/${name}`))));
}

describe("a source that is its own rung is published as it is,", () => {
  test.each([
    ["at 30 fps in GOPs of two seconds", [...picture({ size: SIZE, seconds: 9 }), ...tone({ seconds: 9 })], [...gop(60), "-bf", "0"]],
    [
      "at 29.97 fps with B-frames and late sound",
      [...picture({ size: SIZE, seconds: 7.5, rate: "30000/1001" }), "-itsoffset", "0.35", ...tone({ seconds: 6.5 })],
      [...gop(60), "-bf", "3", "-flags", "+cgop"],
    ],
    [
      "at 25 fps in GOPs of 2.5 s, beginning late",
      ["-itsoffset", "0.4", ...picture({ size: SIZE, seconds: 8, rate: "25" }), ...tone({ seconds: 9 })],
      [...gop(63), "-bf", "2"],
    ],
    ["as a single GOP without sound", picture({ size: SIZE, seconds: 3, rate: "25" }), [...gop(250), "-bf", "1"]],
  ] as const)(
    "%s",
    async (_name, inputs, options) => {
      await using folder = await temporaryFolder();
      const source = folder.in("source.mp4");
      await ffmpeg(...inputs, ...COPYABLE, ...options, source);
      await transcodeIn(folder, source);
      const { renditions, revision } = await asset(folder);
      expect(renditions.map(({ id, copied }) => [id, copied])).toStrictEqual([
        ["v270", true],
        ["v240", undefined],
        ...(inputs.length > 4 ? [["a-und", undefined]] : []),
      ]);
      await expect(conformance(folder.in("out"), { source, except: ["keyframes-often"] })).resolves.toStrictEqual([]);
      const copy = folder.in("out", "r", revision, "v270");
      await expect(complaintsOf(`${copy}/index.m3u8`)).resolves.toBe("");
      // libx264 writes its settings into an SEI unit in front of the first picture, and no other.
      const [packets, originals] = [await packetsOf(`${copy}/index.m3u8`), await packetsOf(source)];
      expect(packets).toHaveLength(originals.length);
      expect(packets.slice(1)).toStrictEqual(originals.slice(1));
      expect((await readFile(source)).includes("x264 - core")).toBe(true);
      expect((await bytesOf(copy)).includes("x264 - core")).toBe(false);
    },
    120_000,
  );
});

describe("a copied source keeps its packets", () => {
  /** Eight seconds of it in a folder, transcoded; and where its copy lies. */
  async function copied(folder: TemporaryFolder, options: TranscodeOptions): Promise<string> {
    await ffmpeg(...picture({ size: SIZE, seconds: 8 }), ...tone({ seconds: 8 }), ...COPYABLE, ...gop(60), folder.in("source.mp4"));
    await transcodeIn(folder, folder.in("source.mp4"), options);
    const { renditions, revision } = await asset(folder);
    expect(renditions[0]).toMatchObject({ id: "v270", copied: true });
    return folder.in("out", "r", revision, "v270");
  }

  test("beside renditions that are encoded in chunks", async () => {
    await using folder = await temporaryFolder();
    const env = { LADDERD_ENCODE_CHUNK_ABOVE_CORES: "1", LADDERD_ENCODE_CHUNK_SEGMENTS: "1", LADDERD_ENCODE_PARALLEL_CHUNKS: "2" };
    const copy = await copied(folder, { env });
    await expect(conformance(folder.in("out"), { source: folder.in("source.mp4") })).resolves.toStrictEqual([]);
    expect((await packetsOf(`${copy}/index.m3u8`)).slice(1)).toStrictEqual((await packetsOf(folder.in("source.mp4"))).slice(1));
  }, 120_000);

  test("under encryption", async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.in("key"), `${KEY_ID}:${KEY}`);
    const encryption = anEncryption({ scheme: "cbcs", keySource: { kind: "secret", reference: `file:${folder.in("key")}` } });
    const copy = await copied(folder, { ladder: aLadder({ encryption }) });
    await writeFile(folder.in("copy.mp4"), await bytesOf(copy));
    const keys = ["--enable_raw_key_decryption", "--keys", `label=:key_id=${KEY_ID}:key=${KEY}`, "--quiet"];
    const args = [`in=${folder.in("copy.mp4")},stream=video,output=${folder.in("clear.mp4")}`, ...keys];
    await expect(runCommand({ command: packager.path, args, signal })).resolves.toMatchObject({ exitCode: 0 });
    expect((await packetsOf(folder.in("clear.mp4"))).slice(1)).toStrictEqual((await packetsOf(folder.in("source.mp4"))).slice(1));
  }, 120_000);
});

/** What is decided for a file. */
async function decidedFor(path: string): Promise<PassThrough | undefined> {
  const sandbox = NO_FENCES;
  const tools = { ffmpegPath: programs.path, ffprobePath: programs.probePath, limits, sandbox };
  return aPlan(await probeSource(path, tools, signal), aLadder()).passThrough;
}

describe("a source is not copied when", () => {
  const short = picture({ size: SIZE, seconds: 5 });
  const usual = [...COPYABLE, ...gop(60)];

  test.each<readonly [string, readonly string[], string]>([
    ["its GOPs are open", [...short, ...usual, "-bf", "3", "-x264-params", "open-gop=1"], "its GOPs are open"],
    [
      "it begins its GOPs with recovery points",
      [...short, ...usual, "-bf", "0", "-x264-params", "intra-refresh=1"],
      "its keyframes are not IDR pictures",
    ],
    ["its keyframes are anywhere", [...short, ...usual, "-force_key_frames", "0,0.5,1.7"], "its keyframes are 0.5, 1.2, 2.0 s apart"],
    ["its GOPs are of 8 s", [...picture({ size: SIZE, seconds: 9, rate: "10" }), ...COPYABLE, ...gop(80)], "its keyframes are 8.0 s apart"],
    ["it is 10-bit", [...short, ...usual, "-pix_fmt", "yuv420p10le"], "its pixels are yuv420p10le, not 8-bit yuv420p"],
    ["its pixels are not square", [...picture({ size: SIZE, filters: "setsar=4/3" }), ...usual], "its pixels are not square"],
    ["it has too many bits", [...short, ...usual, "-b:v", "2M", "-maxrate", "2M", "-bufsize", "4M"], "more than"],
    ["it is interlaced", [...picture({ size: "480x272" }), ...usual, "-flags", "+ildct+ilme"], "it is interlaced"],
    ["its colours are BT.601", [...short, ...usual, "-colorspace", "smpte170m"], "its colours are bt601, not bt709"],
    [
      "its rate varies",
      [...picture({ size: SIZE, seconds: 3, filters: "select='not(mod(n,3))+lt(n,40)'" }), "-vsync", "vfr", ...usual],
      "its frame rate is not constant, or is changed",
    ],
    [
      "its clock is too coarse",
      [...picture({ size: SIZE, rate: "30000/1001" }), ...usual, "-video_track_timescale", "600"],
      "evenly spaced",
    ],
  ])(
    "%s",
    async (_name, options, reason) => {
      await using folder = await temporaryFolder();
      await ffmpeg(...options, folder.in("source.mp4"));
      const decided = await decidedFor(folder.in("source.mp4"));
      expect(decided).toMatchObject({ kind: "encode" });
      expect(decided).toHaveProperty("reason", expect.stringContaining(reason));
    },
    120_000,
  );

  test("it is turned", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...short, ...usual, folder.in("source.mp4"));
    await rotate(folder.in("source.mp4"), 90);
    await expect(decidedFor(folder.in("source.mp4"))).resolves.toMatchObject({ reason: "it is turned by 90 degrees" });
  });

  test("an edit list lets it begin within a GOP", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...short, ...usual, folder.in("whole.mp4"));
    await ffmpeg("-ss", "1.2", "-i", folder.in("whole.mp4"), "-c", "copy", folder.in("source.mp4"));
    await expect(decidedFor(folder.in("source.mp4"))).resolves.toMatchObject({ reason: "an edit list hides some of its frames" });
  });

  test("its parameter sets are repeated inside, as in what was a broadcast", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...short, ...usual, folder.in("cast.ts"));
    await ffmpeg("-i", folder.in("cast.ts"), "-c", "copy", folder.in("source.mp4"));
    await expect(decidedFor(folder.in("source.mp4"))).resolves.toMatchObject({ reason: "parameter sets are inside its pictures" });
  });
});

describe("a copy that does not hold is encoded in the same attempt,", () => {
  async function published(folder: TemporaryFolder, env: Readonly<Record<string, string>> = {}) {
    const refusals: string[] = [];
    await transcodeIn(folder, folder.in("source.mp4"), {
      env,
      onEvent: (event) => {
        if (event.kind === "copy-refused") refusals.push(event.code);
      },
    });
    const { renditions, degraded } = await asset(folder);
    return { refusals, renditions: renditions.map(({ id, copied }) => [id, copied]), degraded };
  }

  test("when the source has damaged frames", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...picture({ size: SIZE, seconds: 5 }), ...COPYABLE, ...gop(60), folder.in("source.mp4"));
    await patch(folder.in("source.mp4"), (bytes) => {
      // More than one frame: the length in front of the next is hit too, so that no decoder can take it for a picture.
      const middle = Math.floor(bytes.indexOf("moov") / 2);
      bytes.fill(0x5a, middle, middle + 1600);
    });
    await expect(published(folder)).resolves.toStrictEqual({
      refusals: ["output_incomplete"],
      renditions: [
        ["v270", undefined],
        ["v240", undefined],
      ],
      degraded: ["decode_errors"],
    });
  }, 120_000);

  test("when ffmpeg fails at it", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...picture({ size: SIZE }), ...COPYABLE, ...gop(60), folder.in("source.mp4"));
    const script = `case " $* " in *" -c:v copy "*) exit 3;; esac\nexec ${programs.path} "$@"`;
    const env = { LADDERD_SANDBOX: "off", LADDERD_FFMPEG_PATH: await fakeProgram(folder.in("fake"), script) };
    await expect(published(folder, env)).resolves.toMatchObject({
      refusals: ["engine_failed"],
      renditions: [
        ["v270", undefined],
        ["v240", undefined],
      ],
    });
  }, 120_000);
});
