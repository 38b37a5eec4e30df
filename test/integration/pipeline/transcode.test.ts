import { stat, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { runCommand } from "../../../src/process/run-command.ts";
import { FAST, ffmpeg, patch, picture, rotate, tone } from "../../helpers/clips.ts";
import { complaintsOf, filesOfManifest, filesOfPlaylist, rangeOf, readMultivariant } from "../../helpers/published.ts";
import { readFile } from "node:fs/promises";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import { leftIn, transcodeIn } from "../../helpers/transcode.ts";

const AUDIO_FRAME = 1024 / 48_000;
const record = z.looseObject({ revision: z.string(), durationSeconds: z.number(), degraded: z.array(z.string()).optional() });

interface Expected {
  readonly seconds: number;
  /** Pictures of the variants, any order. */
  readonly sizes: readonly string[];
  readonly audio: number;
}

/** Asserts everything that must hold of any published clip. */
async function expectPublished(folder: TemporaryFolder, { seconds, sizes, audio }: Expected): Promise<void> {
  const multivariant = await readMultivariant(folder.in("out", "index.m3u8"));
  const found = multivariant.variants.flatMap(({ attributes }) => /RESOLUTION=(\w+)/.exec(attributes)?.[1] ?? []);
  expect(new Set(found)).toStrictEqual(new Set(sizes));
  expect(multivariant.audio).toHaveLength(audio);

  const named = [...(await filesOfPlaylist(folder.in("out", "index.m3u8"))), ...(await filesOfManifest(folder.in("out", "index.mpd")))];
  for (const file of named) expect((await stat(file)).size).toBeGreaterThan(0);
  const parsed = record.parse(JSON.parse(await readFile(folder.in("out", "asset.json"), "utf8")));
  expect(Math.abs(parsed.durationSeconds - seconds)).toBeLessThanOrEqual(0.1);

  const sound = await Promise.all(multivariant.audio.map(({ path }) => rangeOf(path, "a")));
  for (const { path } of sizes.length > 0 ? multivariant.variants : []) {
    const range = await rangeOf(path, "v");
    expect(Math.abs(range.start)).toBeLessThan(0.001);
    expect(Math.abs(range.end - seconds)).toBeLessThanOrEqual(0.1);
    for (const { end } of sound) expect(Math.abs(end - range.end)).toBeLessThanOrEqual(AUDIO_FRAME + 0.001);
  }
  for (const { path } of [...multivariant.variants, ...multivariant.audio]) await expect(complaintsOf(path)).resolves.toBe("");
  expect((await leftIn(folder)).work).toStrictEqual([]);
}

/** The brightness of points of the first picture of a playlist, each a share of width and height. */
async function brightness(path: string, points: readonly (readonly [x: number, y: number])[]): Promise<number[]> {
  const filter = "scale=16:16:flags=area,format=gray";
  await using folder = await temporaryFolder();
  await ffmpeg("-i", path, "-frames:v", "1", "-vf", filter, "-f", "rawvideo", folder.in("pixels"));
  const pixels = await readFile(folder.in("pixels"));
  return points.map(([x, y]) => pixels[Math.floor(y * 16) * 16 + Math.floor(x * 16)] ?? -1);
}

/** White on top, black below: where the white is says how the picture is turned. */
const TWO_HALVES = "drawbox=t=fill:c=black,drawbox=h=ih/2:t=fill:c=white";

describe("transcodeFile publishes", () => {
  test("landscape with sound at 29.97, at two sizes", async () => {
    await using folder = await temporaryFolder();
    const ntsc = { rate: "30000/1001", seconds: 3, size: "640x360" };
    await ffmpeg(...picture(ntsc), ...tone({ seconds: 3 }), ...FAST, folder.in("a.mp4"));
    const events: string[] = [];
    const result = await transcodeIn(folder, folder.in("a.mp4"), { onEvent: (event) => events.push(event.kind) });
    expect(result).toMatchObject({ isNew: true, renditions: ["v360", "v240", "a-und"] });
    expect(new Set(events)).toStrictEqual(new Set(["started", "stage-started", "stage-ended", "progress", "ended", ...events]));
    await expectPublished(folder, { seconds: 3, sizes: ["640x360", "426x240"], audio: 1 });
    await expect(transcodeIn(folder, folder.in("a.mp4"))).resolves.toMatchObject({ isNew: false, revision: result.revision });
  });

  test("bad input 60: a portrait turned by its matrix, upright", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...picture({ seconds: 1, size: "480x320", filters: TWO_HALVES }), ...FAST, folder.in("a.mp4"));
    await rotate(folder.in("a.mp4"), 90);
    await transcodeIn(folder, folder.in("a.mp4"));
    await expectPublished(folder, { seconds: 1, sizes: ["320x480", "240x360"], audio: 0 });
    const [left = 0, right = 0] = await brightness(folder.in("out", "index.m3u8"), [
      [0.25, 0.5],
      [0.75, 0.5],
    ]);
    expect([left < 60, right > 180]).toStrictEqual([true, true]);
  });

  test("a portrait that only a tag turns, upright as well", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(
      ...picture({ seconds: 1, size: "480x320", filters: TWO_HALVES }),
      ...FAST,
      "-metadata:s:v:0",
      "ROTATE=90",
      folder.in("a.mkv"),
    );
    await transcodeIn(folder, folder.in("a.mkv"));
    await expectPublished(folder, { seconds: 1, sizes: ["320x480", "240x360"], audio: 0 });
    const [left = 0, right = 0] = await brightness(folder.in("out", "index.m3u8"), [
      [0.25, 0.5],
      [0.75, 0.5],
    ]);
    expect([left < 60, right > 180]).toStrictEqual([true, true]);
  });

  test("bad input 60: anamorphic in square pixels", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...picture({ seconds: 1, filters: "setsar=4/3" }), ...FAST, folder.in("a.mp4"));
    await transcodeIn(folder, folder.in("a.mp4"));
    await expectPublished(folder, { seconds: 1, sizes: ["426x240"], audio: 0 });
  });

  test("bad input 50: sound alone, at each of its bit rates", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...tone(), ...FAST, folder.in("a.m4a"));
    await transcodeIn(folder, folder.in("a.m4a"));
    await expectPublished(folder, { seconds: 2, sizes: [], audio: 2 });
  });

  test("sound in two languages, one of them late and both shorter than the picture", async () => {
    await using folder = await temporaryFolder();
    const inputs = [...picture(), ...tone({ seconds: 1.5 }), "-itsoffset", "0.5", ...tone({ seconds: 1 })];
    const tags = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger"];
    await ffmpeg(...inputs, "-map", "0", "-map", "1", "-map", "2", ...FAST, ...tags, folder.in("a.mkv"));
    await transcodeIn(folder, folder.in("a.mkv"));
    await expectPublished(folder, { seconds: 2, sizes: ["320x240"], audio: 2 });
    const { audio } = await readMultivariant(folder.in("out", "index.m3u8"));
    const { stderrTail } = await runCommand({
      command: "ffmpeg",
      args: ["-nostdin", "-i", audio[1]?.path ?? "", "-af", "silencedetect=noise=-50dB:d=0.2", "-f", "null", "-"],
      signal: new AbortController().signal,
    });
    expect(Number(/silence_end: ([\d.]+)/.exec(stderrTail)?.[1])).toBeCloseTo(0.5, 1);
  });

  test("a film that begins at ten seconds", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...picture(), ...tone(), ...FAST, "-output_ts_offset", "10", folder.in("a.ts"));
    await transcodeIn(folder, folder.in("a.ts"));
    await expectPublished(folder, { seconds: 2, sizes: ["320x240"], audio: 1 });
  });

  test("a variable rate whose last picture stays for three seconds", async () => {
    await using folder = await temporaryFolder();
    const select = "select='lt(n,20)*(1-mod(n,2)*gt(n,8))+eq(n,22)'";
    await ffmpeg(...picture({ seconds: 1, filters: select }), "-vsync", "vfr", ...FAST, "-bf", "0", folder.in("a.mp4"));
    await patch(folder.in("a.mp4"), (bytes) => {
      const mdhd = bytes.indexOf("mdhd");
      const timescale = bytes.readUInt32BE(mdhd + 16);
      bytes.writeUInt32BE(Math.round((22 / 30 + 3) * timescale), mdhd + 20);
      const stts = bytes.indexOf("stts") + 8;
      const last = stts + 4 + 8 * (bytes.readUInt32BE(stts) - 1);
      expect(bytes.readUInt32BE(last)).toBe(1);
      bytes.writeUInt32BE(3 * timescale, last + 4);
      bytes.writeUInt32BE(Math.round((22 / 30 + 3) * 1000), bytes.indexOf("elst") + 12);
    });
    await transcodeIn(folder, folder.in("a.mp4"));
    await expectPublished(folder, { seconds: 22 / 30 + 3, sizes: ["320x240"], audio: 0 });
  });

  test("bad input 56: a variable rate with a hole of three seconds", async () => {
    await using folder = await temporaryFolder();
    const select = "select='lt(n,20)*(1-mod(n,2)*gt(n,8))+gt(n,110)'";
    await ffmpeg(...picture({ seconds: 4, filters: select }), ...tone({ seconds: 4 }), "-vsync", "vfr", ...FAST, folder.in("a.mp4"));
    await transcodeIn(folder, folder.in("a.mp4"));
    await expectPublished(folder, { seconds: 4, sizes: ["320x240"], audio: 1 });
  });

  test("bad input 55: a single picture", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...picture({ seconds: 1 }), "-frames:v", "1", ...FAST, folder.in("a.mp4"));
    await transcodeIn(folder, folder.in("a.mp4"));
    await expectPublished(folder, { seconds: 1 / 30, sizes: ["320x240"], audio: 0 });
  });

  test("a film of one frame in three seconds in segments of the usual length", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...picture({ seconds: 12, rate: "1/3" }), ...FAST, folder.in("a.mp4"));
    await transcodeIn(folder, folder.in("a.mp4"));
    const { variants } = await readMultivariant(folder.in("out", "index.m3u8"));
    const playlist = await readFile(variants[0]?.path ?? "", "utf8");
    const lengths = [...playlist.matchAll(/#EXTINF:([\d.]+)/g)].map(([, seconds]) => Number(seconds));
    expect(Math.max(...lengths)).toBeLessThanOrEqual(6.5);
    expect(lengths.reduce((total, length) => total + length, 0)).toBeGreaterThan(8.9);
  });

  test("bad input 27, bad input 63: a file whose name and titles are made to act", async () => {
    await using folder = await temporaryFolder();
    const file = folder.in("-i %d `x` $(y)\n#EXT.mp4");
    await ffmpeg(
      ...picture({ seconds: 1 }),
      ...tone({ seconds: 1 }),
      ...FAST,
      "-metadata:s:a:0",
      'title=<x>"\n#EXT-X-ENDLIST',
      folder.in("a.mp4"),
    );
    await writeFile(file, await readFile(folder.in("a.mp4")));
    await transcodeIn(folder, file);
    await expectPublished(folder, { seconds: 1, sizes: ["320x240"], audio: 1 });
    const playlist = await readFile(folder.in("out", "index.m3u8"), "utf8");
    expect(playlist.split("\n")).not.toContain("#EXT-X-ENDLIST");
  });

  test("bad input 59: a film with a few damaged frames as degraded", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...picture({ seconds: 3 }), ...FAST, "-g", "1", folder.in("a.mp4"));
    await patch(folder.in("a.mp4"), (bytes) => {
      const middle = Math.floor(bytes.indexOf("moov") / 2);
      bytes.fill(0x5a, middle, middle + 1500);
    });
    await transcodeIn(folder, folder.in("a.mp4"));
    await expectPublished(folder, { seconds: 3, sizes: ["320x240"], audio: 0 });
    expect(record.parse(JSON.parse(await readFile(folder.in("out", "asset.json"), "utf8"))).degraded).toStrictEqual(["decode_errors"]);
  });
});
