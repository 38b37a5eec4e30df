import { describe, expect, test } from "vitest";
import { ffmpeg, picture } from "../../helpers/clips.ts";
import { rangeOf, readMultivariant } from "../../helpers/published.ts";
import { audibleRange, loudnessOf, samplesOf } from "../../helpers/sound.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import { transcodeIn } from "../../helpers/transcode.ts";

const TARGET = { targetLufs: -16, truePeakDbtp: -1.5 };
const AUDIO_FRAME = 1024 / 48_000;
/** Of integrated loudness, in LU. */
const TOLERANCE = 1;
const SECONDS = 4;
const ENCODED = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-crf", "40", "-c:a", "flac"];

/** Noise that begins half a second in; `filters` make it what a test needs. */
const noise = (filters: string): readonly string[] => [
  ...["-f", "lavfi", "-i", `anoisesrc=color=pink:amplitude=0.5:seed=7:sample_rate=48000:duration=${SECONDS}`],
  ...["-af", `volume=0:enable='lt(t,0.5)',${filters}`],
];

describe("sound of a ladder with a loudness", () => {
  test.each([
    { what: "a quiet source", filters: "volume=-30dB" },
    { what: "a loud source", filters: "volume=9dB,alimiter=limit=0.99:level=false" },
    { what: "a quiet source in 5.1", filters: "volume=-24dB,pan=5.1|FL=c0|FR=0.8*c0|FC=0.6*c0|LFE=0*c0|BL=0.3*c0|BR=0.3*c0" },
  ])("of $what is at the target, its peaks below the limit, in time", async ({ filters }) => {
    await using folder = await temporaryFolder();
    await ffmpeg(...picture({ size: "320x180", seconds: SECONDS }), ...noise(filters), ...ENCODED, folder.in("a.mkv"));
    await transcodeIn(folder, folder.in("a.mkv"), { ladder: { loudness: TARGET } });
    const { audio } = await readMultivariant(folder.in("out", "index.m3u8"));
    expect(audio).toHaveLength(filters.includes("5.1") ? 2 : 1);
    for (const { path } of audio) {
      const { integrated, truePeak } = await loudnessOf(path);
      expect(Math.abs(integrated - TARGET.targetLufs)).toBeLessThan(TOLERANCE);
      expect(truePeak).toBeLessThanOrEqual(TARGET.truePeakDbtp);
      expect(Math.abs((audibleRange((await samplesOf(path))[0])?.start ?? NaN) - 0.5)).toBeLessThan(AUDIO_FRAME);
      expect(Math.abs((await rangeOf(path, "a")).end - SECONDS)).toBeLessThan(AUDIO_FRAME);
    }
  });

  test("of a quiet source with one loud peak stays below the target, its peaks below the limit", async () => {
    await using folder = await temporaryFolder();
    const click = `aevalsrc=exprs=0.02*sin(880*PI*t)+0.9*between(t\\,2\\,2.0002):sample_rate=48000:duration=${SECONDS}`;
    const inputs = [...picture({ size: "320x180", seconds: SECONDS }), "-f", "lavfi", "-i", click];
    await ffmpeg(...inputs, ...ENCODED, folder.in("a.mkv"));
    await transcodeIn(folder, folder.in("a.mkv"), { ladder: { loudness: TARGET } });
    const { audio } = await readMultivariant(folder.in("out", "index.m3u8"));
    const { integrated, truePeak } = await loudnessOf(audio[0]?.path ?? "");
    expect(integrated).toBeLessThan(TARGET.targetLufs - TOLERANCE);
    expect(truePeak).toBeLessThanOrEqual(TARGET.truePeakDbtp);
  });

  test("of a silent track is silent, and does not keep the other from its level", async () => {
    await using folder = await temporaryFolder();
    const silence = ["-f", "lavfi", "-i", `anullsrc=channel_layout=stereo:sample_rate=48000:duration=${SECONDS}`];
    const inputs = [...picture({ size: "320x180", seconds: SECONDS }), ...silence, ...noise("volume=-20dB").slice(0, 4)];
    const maps = ["-map", "0", "-map", "1", "-map", "2"];
    await ffmpeg(...inputs, ...maps, ...ENCODED, folder.in("a.mkv"));
    await transcodeIn(folder, folder.in("a.mkv"), { ladder: { loudness: TARGET } });
    const { audio } = await readMultivariant(folder.in("out", "index.m3u8"));
    expect(audibleRange((await samplesOf(audio[0]?.path ?? ""))[0])).toBeUndefined();
    expect(Math.abs((await loudnessOf(audio[1]?.path ?? "")).integrated - TARGET.targetLufs)).toBeLessThan(TOLERANCE);
  });
});
