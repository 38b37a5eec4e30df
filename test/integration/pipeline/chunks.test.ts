import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { ShutdownError } from "../../../src/domain/errors.ts";
import { FAST, ffmpeg, tone } from "../../helpers/clips.ts";
import { countedPicture, frameNumbers, similarity } from "../../helpers/counted-frames.ts";
import { fakeProgram } from "../../helpers/fake-program.ts";
import { settled } from "../../helpers/outcome.ts";
import { processesWith } from "../../helpers/process-list.ts";
import { complaintsOf, rangeOf, readMultivariant } from "../../helpers/published.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import type { TranscodeOptions } from "../../helpers/transcode.ts";
import { leftIn, transcodeIn } from "../../helpers/transcode.ts";

const SSIM_TOLERANCE = 0.002;
const AUDIO_FRAME_SECONDS = 1024 / 48_000;
/** As on a host of many cores: every segment is a chunk, two at a time. */
const IN_CHUNKS = {
  LADDERD_ENCODE_CHUNK_ABOVE_CORES: "1",
  LADDERD_ENCODE_CHUNK_SEGMENTS: "1",
  LADDERD_ENCODE_PARALLEL_CHUNKS: "2",
};

interface Case {
  readonly name: string;
  readonly file: string;
  readonly picture?: Parameters<typeof countedPicture>[0];
  readonly options?: readonly string[];
}

const CASES: readonly Case[] = [
  { name: "a constant rate", file: "a.mp4" },
  { name: "29.97", file: "a.mp4", picture: { rate: "30000/1001" } },
  { name: "a transport stream that begins at ten seconds", file: "a.ts", picture: { rate: "25" }, options: ["-output_ts_offset", "10"] },
  { name: "open GOPs in Matroska", file: "a.mkv", options: ["-x264-params", "open-gop=1:bframes=3"] },
  { name: "60 frames with B-frames behind an edit list", file: "a.mp4", picture: { rate: "60" }, options: ["-ss", "0.73"] },
  {
    name: "a variable rate",
    file: "a.mp4",
    picture: { filters: String.raw`select='not(mod(n\,3)-1)+gt(mod(n\,37)\,30)'` },
    options: ["-vsync", "vfr"],
  },
];

/** What was published of the largest picture and of the sound. */
async function publishedIn(folder: TemporaryFolder) {
  const { variants, audio } = await readMultivariant(folder.in("out", "index.m3u8"));
  const [video = "", sound = ""] = [variants[0]?.path, audio[0]?.path];
  const lengths = (await readFile(video, "utf8")).match(/#EXTINF:[\d.]+/g) ?? [];
  const segments = (await leftIn(folder)).out.filter((name) => /v\d+\/\d+\.m4s$/.test(name));
  const heads = await Promise.all(segments.map((name) => readFile(folder.in("out", name), "latin1")));
  return { video, sound, lengths, encoders: heads.filter((bytes) => bytes.includes("x264 - core")).length };
}

async function transcodedOnce(folder: TemporaryFolder, file: string, env: Readonly<Record<string, string>>) {
  await transcodeIn(folder, file, { env });
  return publishedIn(folder);
}

async function makeSource(folder: TemporaryFolder, { file, picture = {}, options = [] }: Case): Promise<string> {
  // Keyframes too far apart for a copy of the picture in MP4, near enough for a seek in a transport stream.
  const coded = [...FAST, "-crf", "30", "-bf", "2", "-g", file.endsWith(".ts") ? "75" : "250", ...options];
  await ffmpeg(...countedPicture(picture), ...tone({ seconds: 13 }), ...coded, folder.in(file));
  return folder.in(file);
}

describe("a source that is encoded in chunks", () => {
  test.each(CASES)("is what one process makes of it, frame by frame: $name", async (source) => {
    await using whole = await temporaryFolder();
    await using cut = await temporaryFolder();
    const file = await makeSource(whole, source);
    const one = await transcodedOnce(whole, file, {});
    const many = await transcodedOnce(cut, file, IN_CHUNKS);
    expect([one.encoders, many.encoders]).toStrictEqual([1, many.lengths.length]);
    expect(many.lengths).toStrictEqual(one.lengths);
    expect(many.lengths.length).toBeGreaterThan(1);
    const numbers = await frameNumbers(one.video);
    expect(numbers.at(-1)).toBeGreaterThan(100);
    expect(await frameNumbers(many.video)).toStrictEqual(numbers);
    expect(await rangeOf(many.video, "v")).toStrictEqual(await rangeOf(one.video, "v"));
    const [early, late] = [await rangeOf(one.sound, "a"), await rangeOf(many.sound, "a")];
    expect(Math.abs(early.start - late.start)).toBeLessThan(AUDIO_FRAME_SECONDS);
    expect(Math.abs(early.end - late.end)).toBeLessThan(AUDIO_FRAME_SECONDS);
    await expect(complaintsOf(many.video)).resolves.toBe("");
    const asset = JSON.parse(await readFile(cut.in("out", "asset.json"), "utf8"));
    expect(asset).not.toHaveProperty("degraded");
    expect((await leftIn(cut)).work).toStrictEqual([]);
  });

  test("looks like what one process makes of it", async () => {
    await using whole = await temporaryFolder();
    await using cut = await temporaryFolder();
    const file = await makeSource(whole, { name: "", file: "a.mp4" });
    const one = await transcodedOnce(whole, file, {});
    const many = await transcodedOnce(cut, file, IN_CHUNKS);
    const likeness = [await similarity(one.video, file), await similarity(many.video, file)] as const;
    expect(likeness[0]).toBeGreaterThan(0.9);
    expect(Math.abs(likeness[0] - likeness[1])).toBeLessThanOrEqual(SSIM_TOLERANCE);
  });
});

describe("chunks that fail leave nothing, with", () => {
  const { ffmpeg: programs } = loadConfig({ env: { PATH: process.env["PATH"], NODE_ENV: "test" } });

  async function failureOf(folder: TemporaryFolder, options: TranscodeOptions): Promise<unknown> {
    const file = await makeSource(folder, { name: "", file: "a.mp4" });
    const outcome = await settled(transcodeIn(folder, file, { ...options, env: { ...IN_CHUNKS, ...options.env } }));
    await expect(leftIn(folder)).resolves.toStrictEqual({ out: [], work: [] });
    await expect(processesWith(folder.in("work"))).resolves.toStrictEqual([]);
    return "error" in outcome ? outcome.error : undefined;
  }

  async function failureWith(variable: string, script: string): Promise<unknown> {
    await using folder = await temporaryFolder();
    const path = await fakeProgram(folder.in("fake"), script);
    return await failureOf(folder, { env: { [variable]: path, LADDERD_ENCODE_STALL_SECONDS: "3" } });
  }

  /** The script runs in place of one program; IS_LAST is true for the third chunk. */
  const IS_LAST = 'case "$*" in *chunk-00003*) true;; *) false;; esac';
  test.each([
    ["one ffmpeg that exits 3", `if ${IS_LAST}; then exit 3; fi; exec REAL "$@"`, "engine_failed"],
    ["one ffmpeg that hangs", `if ${IS_LAST}; then exec sleep 60; fi; exec REAL "$@"`, "stalled"],
    [
      "one ffmpeg that encodes otherwise than the others",
      `if ${IS_LAST}; then n=$#; while [ $n -gt 0 ]; do a=$1; shift; n=$((n-1)); [ "$a" = main ] && a=high; set -- "$@" "$a"; done; fi; exec REAL "$@"`,
      "engine_failed",
    ],
  ])("%s", async (_what, script, code) => {
    await expect(failureWith("LADDERD_FFMPEG_PATH", script.replaceAll("REAL", programs.path))).resolves.toMatchObject({ code });
  });

  test.each([
    ["a packager that exits 1", "exit 1", "engine_failed"],
    ["a packager that exits 0 at once", "exit 0", "stalled"],
    [
      "a packager that reads a little and exits 0",
      'for a; do case $a in in=*) p=${a#in=}; head -c 100 "${p%%,*}" >/dev/null;; esac; done; exit 0',
      "engine_failed",
    ],
  ])("%s", async (_what, script, code) => {
    await expect(failureWith("LADDERD_PACKAGER_PATH", script)).resolves.toMatchObject({ code });
  });

  test("a packager that exits 1 while the ffmpeg beside it does not hear that it is over", async () => {
    await using folder = await temporaryFolder();
    const deaf = await fakeProgram(
      folder.in("deaf"),
      `case "$*" in *chunk-0*) trap '' TERM; exec sleep 60;; *) exec ${programs.path} "$@";; esac`,
    );
    const packager = await fakeProgram(folder.in("fake"), "exit 1");
    const env = { LADDERD_FFMPEG_PATH: deaf, LADDERD_PACKAGER_PATH: packager, LADDERD_ENCODE_STALL_SECONDS: "1" };
    await expect(failureOf(folder, { env })).resolves.toMatchObject({ code: "engine_failed" });
  });

  test("a worker that stops in the middle of them", async () => {
    await using folder = await temporaryFolder();
    const cancel = new AbortController();
    const reason = new ShutdownError("the worker stops");
    const onEvent: TranscodeOptions["onEvent"] = (event) => {
      if (event.kind === "progress" && event.stage === "encode") cancel.abort(reason);
    };
    await expect(failureOf(folder, { signal: cancel.signal, onEvent })).resolves.toBe(reason);
  });
});
