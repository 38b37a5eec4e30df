import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { FAST, ffmpeg, patch, picture, tone } from "../helpers/clips.ts";
import { expectConforming } from "../helpers/conforming.ts";
import { settled } from "../helpers/outcome.ts";
import type { TemporaryFolder } from "../helpers/temporary-folder.ts";
import { temporaryFolder } from "../helpers/temporary-folder.ts";
import { leftIn, transcodeIn } from "../helpers/transcode.ts";

const CLIP = [...picture({ size: "320x180", rate: "25" }), ...tone()];

describe("a source that is made to harm is published all the same:", () => {
  test("bad input 48: a broadcast that changes its size and its pixels", async () => {
    await using folder = await temporaryFolder();
    const part = (size: string, pixels: string, offset: number): Promise<void> =>
      ffmpeg(
        ...picture({ size, rate: "25" }),
        ...["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", pixels, "-output_ts_offset", `${offset}`],
        folder.in(`${offset}.ts`),
      );
    await part("320x180", "yuv420p", 0);
    await part("640x360", "yuv422p", 2);
    await part("160x90", "yuv420p", 4);
    const parts = await Promise.all([0, 2, 4].map((offset) => readFile(folder.in(`${offset}.ts`))));
    await writeFile(folder.in("a.ts"), Buffer.concat(parts));
    const { sizes, seconds } = await expectConforming(folder, "a.ts");
    expect(sizes).toStrictEqual(["320x180"]);
    expect(Math.abs(seconds - 6)).toBeLessThanOrEqual(0.1);
  });

  test("bad input 52: a film with a cover", async () => {
    await using folder = await temporaryFolder();
    const cover = ["-f", "lavfi", "-i", "color=red:size=600x600:duration=0.04", "-map", "0", "-map", "1", "-map", "2"];
    await ffmpeg(
      ...CLIP,
      ...cover,
      ...FAST,
      "-c:v:1",
      "mjpeg",
      "-pix_fmt:v:1",
      "yuvj420p",
      "-disposition:v:1",
      "attached_pic",
      folder.in("a.mp4"),
    );
    const { sizes, audio } = await expectConforming(folder, "a.mp4");
    expect({ sizes, audio: audio.length }).toStrictEqual({ sizes: ["320x180"], audio: 1 });
  });

  test("bad input 64: a film with ten thousand chapters and a title of a million letters", async () => {
    await using folder = await temporaryFolder();
    const chapters = Array.from(
      { length: 10_000 },
      (_, index) => `[CHAPTER]\nTIMEBASE=1/10000\nSTART=${index}\nEND=${index + 1}\ntitle=<${index}>"\n`,
    );
    await writeFile(folder.in("chapters"), `;FFMETADATA1\ntitle=${"x".repeat(1_000_000)}\n${chapters.join("")}`);
    await ffmpeg(
      ...CLIP,
      "-f",
      "ffmetadata",
      "-i",
      folder.in("chapters"),
      "-map_metadata",
      "2",
      "-map",
      "0",
      "-map",
      "1",
      ...FAST,
      folder.in("a.mkv"),
    );
    const { sizes } = await expectConforming(folder, "a.mkv");
    expect(sizes).toStrictEqual(["320x180"]);
  });
});

/** A job that must be rejected: its code, after proving that it left nothing. */
async function rejection(folder: TemporaryFolder, file: string): Promise<unknown> {
  const outcome = await settled(transcodeIn(folder, folder.in(file)));
  await expect(leftIn(folder)).resolves.toStrictEqual({ out: [], work: [] });
  return "error" in outcome ? outcome.error : "published";
}

describe("a source that is made to harm is rejected:", () => {
  test("bad input 47: pictures of 12000 by 12000", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...picture({ size: "320x180", seconds: 1 }), "-c:v", "mjpeg", folder.in("a.avi"));
    await patch(folder.in("a.avi"), (bytes) => {
      // The start of frame of ITU-T T.81 B.2.2: marker, length, precision, height, width.
      for (let at = bytes.indexOf("ffc0", 0, "hex"); at >= 0; at = bytes.indexOf("ffc0", at + 2, "hex")) {
        bytes.writeUInt16BE(12_000, at + 5);
        bytes.writeUInt16BE(12_000, at + 7);
      }
    });
    await expect(rejection(folder, "a.avi")).resolves.toMatchObject({ fault: "source", disposition: "reject" });
  });

  test.each([40, 300])("bad input 49: %i tracks of sound", async (count) => {
    await using folder = await temporaryFolder();
    const maps = Array.from({ length: count }, () => ["-map", "1"]).flat();
    await ffmpeg(...CLIP, "-map", "0", ...maps, ...FAST, "-ar", "8000", folder.in("a.mkv"));
    await expect(rejection(folder, "a.mkv")).resolves.toMatchObject({ code: "source_limits", disposition: "reject" });
  });

  test("bad input 67: a film of twelve hours", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...picture({ size: "64x64", rate: "1/300", seconds: 43_200 }), ...FAST, folder.in("a.mkv"));
    await expect(rejection(folder, "a.mkv")).resolves.toMatchObject({ code: "source_limits", disposition: "reject" });
  });
});
