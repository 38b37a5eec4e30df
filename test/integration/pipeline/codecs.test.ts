import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { runCommand } from "../../../src/process/run-command.ts";
import { PROTECTION_SCHEMES } from "../../../src/domain/encryption.ts";
import { FAST, ffmpeg, picture, tone } from "../../helpers/clips.ts";
import { KEY, KEY_ID, anEncryption } from "../../helpers/encryption.ts";
import { aLadder } from "../../helpers/ladders.ts";
import type { Variant } from "../../helpers/published.ts";
import { complaintsOf, filesOfManifest, readMultivariant } from "../../helpers/published.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import { transcodeIn } from "../../helpers/transcode.ts";

const { signal } = new AbortController();
/** Four encodes, each read back segment by segment, on a machine that is busy. */
const LONG_MS = 300_000;
const FRAMES = 210;
const FRAME_SECONDS = 1001 / 30_000;
const GOP_FRAMES = 60;
const SEGMENT_FRAMES = [180, 30];
/** Time stamps are whole ticks of 1/30000 s. */
const TICK_SECONDS = 1 / 30_000;

async function ffprobe(...args: readonly string[]): Promise<unknown> {
  const { stdout } = await runCommand({ command: "ffprobe", args: ["-v", "error", "-of", "json", ...args], signal });
  return JSON.parse(stdout);
}

const packets = z.object({ packets: z.array(z.object({ pts_time: z.coerce.number(), flags: z.string() })) });

/** Where each keyframe is shown, in frames. */
async function keyframesOf(path: string): Promise<number[]> {
  const report = packets.parse(await ffprobe("-select_streams", "v:0", "-show_entries", "packet=pts_time,flags", path));
  const times = report.packets.flatMap(({ pts_time: time, flags }) => (flags.startsWith("K") ? [time] : []));
  for (const time of times)
    expect(Math.abs(time / FRAME_SECONDS - Math.round(time / FRAME_SECONDS))).toBeLessThan(TICK_SECONDS / FRAME_SECONDS);
  return times.map((time) => Math.round(time / FRAME_SECONDS));
}

const stream = z.object({
  streams: z.tuple([
    z.object({
      codec_name: z.string(),
      codec_tag_string: z.string(),
      profile: z.string(),
      level: z.int(),
      pix_fmt: z.string(),
      color_space: z.string(),
      color_range: z.string(),
    }),
  ]),
});
const counted = z.object({ streams: z.tuple([z.object({ nb_read_frames: z.coerce.number() })]) });

/** The frames that a decoder makes of one segment without any other: all of them only if its GOPs are closed. */
async function framesOfSegment(folder: TemporaryFolder, variant: Variant, name: string): Promise<number> {
  const parts = await Promise.all(["init.mp4", name].map((part) => readFile(join(dirname(variant.path), part))));
  await writeFile(folder.in("segment.mp4"), Buffer.concat(parts));
  await expect(complaintsOf(folder.in("segment.mp4"))).resolves.toBe("");
  return counted.parse(await ffprobe("-count_frames", "-show_entries", "stream=nb_read_frames", folder.in("segment.mp4"))).streams[0]
    .nb_read_frames;
}

const attribute = ({ attributes }: Variant, name: string): string => new RegExp(`[:,]${name}="?([^",]*)`).exec(attributes)?.[1] ?? "";

describe.each([
  { ladder: "h264-av1", codec: "av1", entry: "av01", codecsAt: (level: number) => `av01.0.${String(level).padStart(2, "0")}M.08` },
  { ladder: "h264-hevc", codec: "hevc", entry: "hvc1", codecsAt: (level: number) => `hvc1.1.6.L${level}.90` },
])("the ladder $ladder", ({ ladder, codec, entry, codecsAt }) => {
  test(
    "publishes every size in both codecs, cut at the same frames, each segment sound by itself",
    async () => {
      await using folder = await temporaryFolder();
      const clip = { rate: "30000/1001", seconds: FRAMES * FRAME_SECONDS, size: "480x360" };
      await ffmpeg(...picture(clip), ...tone({ seconds: clip.seconds }), ...FAST, folder.in("a.mp4"));
      const { renditions } = await transcodeIn(folder, folder.in("a.mp4"), { env: { LADDERD_LADDER: ladder } });
      expect(renditions.toSorted()).toStrictEqual(["a-und", `v240-${codec}`, "v240-h264", `v360-${codec}`, "v360-h264"].toSorted());

      const { variants } = await readMultivariant(folder.in("out", "index.m3u8"));
      expect(variants.map((variant) => attribute(variant, "CODECS").split(".")[0])).toStrictEqual(["avc1", "avc1", entry, entry]);
      for (const variant of variants) {
        expect(await keyframesOf(variant.path)).toStrictEqual([0, GOP_FRAMES, 2 * GOP_FRAMES, 3 * GOP_FRAMES]);
        expect(await framesOfSegment(folder, variant, "00001.m4s")).toBe(SEGMENT_FRAMES[0]);
        expect(await framesOfSegment(folder, variant, "00002.m4s")).toBe(SEGMENT_FRAMES[1]);
        await expect(complaintsOf(variant.path)).resolves.toBe("");
      }
      for (const variant of variants.filter((candidate) => attribute(candidate, "CODECS").startsWith(entry))) {
        const [found] = stream.parse(
          await ffprobe("-select_streams", "v:0", "-show_streams", join(dirname(variant.path), "init.mp4")),
        ).streams;
        expect(found).toMatchObject({
          codec_name: codec,
          codec_tag_string: entry,
          profile: "Main",
          pix_fmt: "yuv420p",
          color_space: "bt709",
          color_range: "tv",
        });
        expect(attribute(variant, "CODECS")).toBe(codecsAt(found.level));
      }
    },
    LONG_MS,
  );

  test("has an adaptation set for each codec over the same segments", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...picture({ seconds: 2 }), ...FAST, folder.in("a.mp4"));
    await transcodeIn(folder, folder.in("a.mp4"), { env: { LADDERD_LADDER: ladder } });
    const manifest = folder.in("out", "index.mpd");
    const sets = [...(await readFile(manifest, "utf8")).matchAll(/<AdaptationSet id="(\d+)" contentType="video".*?<\/AdaptationSet>/gs)];
    expect(sets.map(([set]) => [...set.matchAll(/codecs="(\w+)/g)].map(([, name]) => name))).toStrictEqual([["avc1"], [entry]]);
    expect(new Set(sets.map(([, id]) => id)).size).toBe(2);
    for (const file of await filesOfManifest(manifest)) expect((await readFile(file)).length).toBeGreaterThan(0);
  });
});

const THREE_CODECS = aLadder({
  codecs: [
    { codec: "h264", preset: "ultrafast", crf: 30 },
    { codec: "hevc", preset: "ultrafast", crf: 30, capFactor: 0.65 },
    { codec: "av1", preset: 12, crf: 40, capFactor: 0.6 },
  ],
  rungs: [{ shortSide: 180, capBps: 400_000 }],
  passThrough: false,
});

async function makeClip(folder: TemporaryFolder): Promise<string> {
  const seconds = FRAMES * FRAME_SECONDS;
  await ffmpeg(...picture({ rate: "30000/1001", seconds, size: "320x180" }), ...tone({ seconds }), ...FAST, folder.in("a.mp4"));
  return folder.in("a.mp4");
}

describe("three codecs in one ladder", () => {
  test("are encoded in chunks as they are in one piece: same keyframes, nothing missing, whole across the seam", async () => {
    await using folder = await temporaryFolder();
    const env = { LADDERD_ENCODE_CHUNK_ABOVE_CORES: "1", LADDERD_ENCODE_CHUNK_SEGMENTS: "1", LADDERD_ENCODE_PARALLEL_CHUNKS: "2" };
    await transcodeIn(folder, await makeClip(folder), { ladder: THREE_CODECS, env });
    const { variants } = await readMultivariant(folder.in("out", "index.m3u8"));
    expect(variants.map((variant) => attribute(variant, "CODECS").split(".")[0])).toStrictEqual(["avc1", "hvc1", "av01"]);
    // Each run of x264 signs its first picture.
    const second = await readFile(join(dirname(variants[0]?.path ?? ""), "00002.m4s"), "latin1");
    expect(second.includes("x264 - core")).toBe(true);
    for (const variant of variants) {
      expect(await keyframesOf(variant.path)).toStrictEqual([0, GOP_FRAMES, 2 * GOP_FRAMES, 3 * GOP_FRAMES]);
      expect(await framesOfSegment(folder, variant, "00002.m4s")).toBe(SEGMENT_FRAMES[1]);
      await expect(complaintsOf(variant.path)).resolves.toBe("");
    }
  });

  test.each(PROTECTION_SCHEMES)("are read back from under %s as what they are", async (scheme) => {
    await using folder = await temporaryFolder();
    await writeFile(folder.in("key"), `${KEY_ID}:${KEY}`);
    const encryption = anEncryption({ scheme, keySource: { kind: "secret", reference: `file:${folder.in("key")}` } });
    await transcodeIn(folder, await makeClip(folder), { ladder: { ...THREE_CODECS, encryption } });
    const { variants } = await readMultivariant(folder.in("out", "index.m3u8"));
    expect(variants.map((variant) => attribute(variant, "CODECS").split(".")[0])).toStrictEqual(["avc1", "hvc1", "av01"]);
    for (const { path } of variants) expect((await readFile(join(dirname(path), "init.mp4"), "latin1")).includes("encv")).toBe(true);
  });
});
