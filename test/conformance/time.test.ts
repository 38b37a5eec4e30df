import { describe, expect, test } from "vitest";
import { FAST, cut, ffmpeg, picture } from "../helpers/clips.ts";
import { expectConforming } from "../helpers/conforming.ts";
import { framesOf, samplesOf } from "../helpers/frames.ts";
import { temporaryFolder } from "../helpers/temporary-folder.ts";

/** When the picture flashes and the sound beeps, on the clock of the recording. */
const MARK_SECONDS = 1.6;
const SECONDS = 3;
/** A frame at 25 a second (RELIABILITY.md, row 65). */
const SYNC_SECONDS = 0.04;

const FRAME_SECONDS = 0.04;

const FLASH = `color=black:size=320x180:rate=25:duration=${SECONDS},drawbox=t=fill:c=white:enable='between(t,${MARK_SECONDS},${MARK_SECONDS + 0.2})'`;
const BEEP = `aevalsrc='if(between(t,${MARK_SECONDS},${MARK_SECONDS + 0.2}),0.8*sin(2*PI*1000*t),0)':s=48000:d=${SECONDS}`;
const RECORDING = ["-f", "lavfi", "-i", FLASH, "-f", "lavfi", "-i", BEEP];
const B_FRAMES = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-crf", "30", "-g", "50", "-c:a", "aac"];

/** When the first bright frame is shown, on the published timeline. */
async function flashOf(path: string): Promise<number> {
  const frames = await framesOf(path, { columns: 1, rows: 1, format: "gray" });
  const at = frames.findIndex((value) => value > 128);
  expect(at).toBeGreaterThan(0);
  return at / 25;
}

/** When the first loud sample is heard. */
async function beepOf(path: string): Promise<number> {
  const at = (await samplesOf(path)).findIndex((value) => Math.abs(value) > 6000);
  expect(at).toBeGreaterThan(0);
  return at / 48_000;
}

interface Recording {
  readonly file: string;
  readonly make: (path: string) => Promise<unknown>;
  /** When the mark is, counted from the first picture. */
  readonly mark?: number;
}

const recorded =
  (...args: readonly string[]) =>
  (path: string): Promise<void> =>
    ffmpeg(...RECORDING, ...args, path);

/** A copy that begins in the middle of a GOP: an edit list hides what is before. */
const cutIn =
  (at: number) =>
  async (path: string): Promise<void> => {
    const whole = `${path}.whole.mp4`;
    await recorded(...B_FRAMES)(whole);
    await ffmpeg("-ss", `${at}`, "-i", whole, "-c", "copy", path);
  };

describe("bad input 65: sound stays where it was against the picture, in", () => {
  test.each<[what: string, recording: Recording]>([
    ["a film with B frames", { file: "a.mp4", make: recorded(...B_FRAMES) }],
    ["a fragmented film", { file: "a.mp4", make: recorded(...B_FRAMES, "-movflags", "frag_keyframe+empty_moov") }],
    ["a broadcast that began ten seconds ago", { file: "a.ts", make: recorded(...B_FRAMES, "-output_ts_offset", "10") }],
    ["a film whose sound begins late", { file: "a.mkv", make: recorded("-af", "atrim=start=0.5", ...B_FRAMES) }],
    ["a film whose picture begins late", { file: "a.mp4", make: recorded("-vf", "trim=start=0.4", ...B_FRAMES), mark: MARK_SECONDS - 0.4 }],
    [
      "a recording whose picture begins late",
      { file: "a.ts", make: recorded("-vf", "trim=start=0.4", ...B_FRAMES), mark: MARK_SECONDS - 0.4 },
    ],
    ["a film that an edit list cuts into", { file: "a.mp4", make: cutIn(0.72), mark: MARK_SECONDS - 0.72 }],
    [
      "a film that begins before zero",
      { file: "a.mkv", make: recorded(...B_FRAMES, "-output_ts_offset", "-0.04", "-avoid_negative_ts", "disabled") },
    ],
    ["an AVI, which has no times", { file: "a.avi", make: recorded("-c:v", "mpeg4", "-bf", "2", "-c:a", "libmp3lame") }],
    ["a Flash video", { file: "a.flv", make: recorded(...B_FRAMES, "-ar", "44100") }],
    [
      "a WebM with Opus",
      { file: "a.webm", make: recorded("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus") },
    ],
    ["a film with PCM", { file: "a.mov", make: recorded(...B_FRAMES, "-c:a", "pcm_s16le") }],
    ["an MPEG programme", { file: "a.mpg", make: recorded("-c:v", "mpeg2video", "-bf", "2", "-c:a", "mp2") }],
  ])("%s", async (_what, { file, make, mark = MARK_SECONDS }) => {
    await using folder = await temporaryFolder();
    await make(folder.in(file));
    const { top, audio, frameRate } = await expectConforming(folder, file);
    expect(frameRate).toBe("25");
    const [flash, beep] = [await flashOf(top), await beepOf(audio[0] ?? "")];
    expect(Math.abs(beep - flash)).toBeLessThanOrEqual(SYNC_SECONDS);
    expect(Math.abs(flash - mark)).toBeLessThanOrEqual(FRAME_SECONDS + 0.001);
  });
});

describe("a film that is cut off", () => {
  test("bad input 57: by less than a twentieth is published as degraded", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(
      ...picture({ size: "320x180", rate: "25", seconds: 5 }),
      ...FAST,
      "-g",
      "5",
      "-movflags",
      "+faststart",
      folder.in("a.mp4"),
    );
    await cut(folder.in("a.mp4"), 0.97);
    const { degraded } = await expectConforming(folder, "a.mp4", { comparable: false });
    expect(degraded).toContain("truncated");
  });
});
