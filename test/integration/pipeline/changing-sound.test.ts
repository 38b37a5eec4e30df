import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { FAST, ffmpeg, picture } from "../../helpers/clips.ts";
import { rangeOf, readMultivariant } from "../../helpers/published.ts";
import { audibleRange, chord, loudnessOf, samplesOf, tonesIn } from "../../helpers/sound.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import { transcodeIn } from "../../helpers/transcode.ts";

const TONES = [310, 470];
const AUDIO_FRAME = 1024 / 48_000;
/** AC-3 frames are 32 ms, so a part of two seconds is a little longer. */
const PART_SECONDS = 2;
const SECONDS = 4.6;
const LATE_SECONDS = 0.4;

/** A broadcast whose sound, late by 0.4 s, is 5.1 for two seconds and then stereo: the same two tones throughout. */
async function broadcast(folder: TemporaryFolder): Promise<string> {
  for (const [layout, silent] of [
    ["5.1(side)", [0, 0, 0, 0]],
    ["stereo", []],
  ] as const) {
    const sound = chord(layout, [...TONES, ...silent], { seconds: PART_SECONDS });
    await ffmpeg(...sound, "-c:a", "ac3", "-b:a", "384k", folder.in(`${layout}.ac3`));
  }
  const parts = await Promise.all(["5.1(side).ac3", "stereo.ac3"].map((name) => readFile(folder.in(name))));
  await writeFile(folder.in("both.ac3"), Buffer.concat(parts));
  const inputs = [
    ...picture({ size: "320x180", rate: "25", seconds: SECONDS }),
    "-itsoffset",
    `${LATE_SECONDS}`,
    "-i",
    folder.in("both.ac3"),
  ];
  await ffmpeg(...inputs, "-map", "0", "-map", "1", ...FAST, "-c:a", "copy", folder.in("a.ts"));
  return folder.in("a.ts");
}

/** Each tone on its side, before and after the change. */
function expectBothTones(channels: readonly Float32Array[]): void {
  for (const from of [0.6, 2.6]) {
    const part = channels.slice(0, 2).map((samples) => samples.subarray(from * 48_000, (from + 1.6) * 48_000));
    const [[left = 0, leak = 1] = [], [otherLeak = 1, right = 0] = []] = tonesIn(part, TONES);
    expect(Math.min(left, right)).toBeGreaterThan(0.85);
    expect(Math.max(leak, otherLeak)).toBeLessThan(0.1);
  }
}

describe("sound that changes from 5.1 to stereo on the way", () => {
  test("is published in both layouts as if it had not, in time and beside a whole picture", async () => {
    await using folder = await temporaryFolder();
    await transcodeIn(folder, await broadcast(folder));
    const { audio, variants } = await readMultivariant(folder.in("out", "index.m3u8"));
    expect(audio.map(({ attributes }) => /CHANNELS="(\d)"/.exec(attributes)?.[1])).toStrictEqual(["2", "6"]);
    expect((await rangeOf(variants[0]?.path ?? "", "v")).end).toBeCloseTo(SECONDS, 2);
    for (const { path } of audio) {
      const channels = await samplesOf(path);
      expectBothTones(channels);
      expect(Math.abs((audibleRange(channels[0])?.start ?? NaN) - LATE_SECONDS)).toBeLessThan(AUDIO_FRAME);
      expect(Math.abs((await rangeOf(path, "a")).end - SECONDS)).toBeLessThan(AUDIO_FRAME);
    }
  });

  test("is brought to a loudness as a whole", async () => {
    await using folder = await temporaryFolder();
    await transcodeIn(folder, await broadcast(folder), { ladder: { loudness: { targetLufs: -16, truePeakDbtp: -1.5 } } });
    const { audio } = await readMultivariant(folder.in("out", "index.m3u8"));
    expect(audio).toHaveLength(2);
    for (const { path } of audio) expect(Math.abs((await loudnessOf(path)).integrated + 16)).toBeLessThan(1);
  });
});
