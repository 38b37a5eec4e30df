import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";
import { sayAviIsSquareOf } from "../../helpers/avi.ts";
import { FAST, ffmpeg, patch, picture, tone } from "../../helpers/clips.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const ROUNDS = 6;

test("R-X11: the worker's memory is flat over fifty hostile files", { timeout: 300_000 }, async () => {
  await using folder = await temporaryFolder();
  const tracks = Array.from({ length: 300 }, () => ["-map", "1"]).flat();
  await ffmpeg(
    ...picture({ seconds: 0.2 }),
    ...tone({ seconds: 0.2 }),
    "-map",
    "0",
    ...tracks,
    ...FAST,
    "-ar",
    "8000",
    folder.in("many.mkv"),
  );
  await ffmpeg(...picture({ seconds: 0.2, filters: "setpts=N*36000/TB" }), "-vsync", "vfr", ...FAST, folder.in("gap.mkv"));
  await ffmpeg(...picture({ seconds: 0.2, filters: "scale=1:1" }), "-c:v", "libvpx", folder.in("dot.mkv"));
  await ffmpeg(...picture({ size: "320x180", seconds: 1 }), "-c:v", "mjpeg", folder.in("huge.avi"));
  await patch(folder.in("huge.avi"), (bytes) => sayAviIsSquareOf(bytes, 12_000));
  await ffmpeg(...picture(), ...FAST, folder.in("cut.mp4"));
  await patch(folder.in("cut.mp4"), (bytes) => bytes.fill(0xff, bytes.indexOf("moov") + 200));
  await writeFile(folder.in("noise.mp4"), randomBytes(8_000_000));
  await writeFile(folder.in("title.txt"), `;FFMETADATA1\ntitle=${"x".repeat(12_000_000)}\n`);
  await ffmpeg(
    ...picture({ seconds: 0.2 }),
    "-i",
    folder.in("title.txt"),
    "-map_metadata",
    "1",
    "-map",
    "0",
    ...FAST,
    folder.in("title.mkv"),
  );
  await writeFile(folder.in("live.mp4"), "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://169.254.169.254/1.ts\n");
  const files = {
    "many.mkv": "source_limits",
    "gap.mkv": "source_limits",
    "dot.mkv": "source_limits",
    "huge.avi": "source_limits",
    "cut.mp4": "source_no_video",
    "noise.mp4": "source_not_media",
    "title.mkv": "source_limits",
    "live.mp4": "source_playlist",
  };
  const args = [
    "--expose-gc",
    join(import.meta.dirname, "hostile-process.ts"),
    `${ROUNDS}`,
    ...Object.keys(files).map((name) => folder.in(name)),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { codes, memory } = z.object({ codes: z.array(z.string()), memory: z.array(z.number()) }).parse(JSON.parse(stdout));
  expect(codes).toStrictEqual(Object.values(files));
  const [, warm = 0] = memory;
  expect(Math.min(...memory.slice(-3)) - warm, `MB after each round: ${memory.map(Math.round).join(", ")}`).toBeLessThan(12);
});
