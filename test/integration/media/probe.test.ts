import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import type { Source } from "../../../src/domain/source.ts";
import { toNumber } from "../../../src/domain/rational.ts";
import type { ProbeTools } from "../../../src/media/probe-source.ts";
import { probeSource } from "../../../src/media/probe-source.ts";
import { detectSandbox, NO_FENCES } from "../../../src/process/sandbox.ts";
import { FAST, cut, ffmpeg, patch, picture, rotate, tone, trimByEditList } from "../../helpers/clips.ts";
import { fakeProgram } from "../../helpers/fake-program.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const { signal } = new AbortController();
const { limits, ffmpeg: programs } = loadConfig({ env: { PATH: process.env["PATH"], NODE_ENV: "test" } });
const TOOLS: ProbeTools = { ffmpegPath: programs.path, ffprobePath: programs.probePath, limits, sandbox: await detectSandbox(signal) };

type Make = (path: string) => Promise<void>;

/** What ladderd makes of a file that `make` wrote. */
async function probed(name: string, make: Make, tools = TOOLS): Promise<Source> {
  await using folder = await temporaryFolder();
  await make(folder.in(name));
  return await probeSource(folder.in(name), tools, signal);
}
const clip =
  (...args: readonly string[]): Make =>
  (path) =>
    ffmpeg(...args, path);
const usual = clip(...picture(), ...tone(), ...FAST);

describe("a source's geometry", () => {
  test("landscape", async () => {
    const { video, audio, durationSeconds } = await probed("a.mp4", usual);
    expect(video).toMatchObject({ codec: "h264", displayWidth: 320, displayHeight: 240, rotation: 0, variableFrameRate: false });
    expect(audio).toMatchObject([{ codec: "aac", channels: 1, sampleRate: 48_000, language: "und" }]);
    expect(durationSeconds).toBeCloseTo(2, 3);
  });

  test.each([
    [90, 240, 320],
    [180, 320, 240],
    [270, 240, 320],
  ] as const)("turned by %d degrees", async (degrees, displayWidth, displayHeight) => {
    const source = await probed("a.mp4", async (path) => {
      await usual(path);
      await rotate(path, degrees);
    });
    expect(source.video).toMatchObject({ rotation: degrees, displayWidth, displayHeight, codedWidth: 320 });
  });

  test("anamorphic", async () => {
    const { video } = await probed("a.mp4", clip(...picture({ filters: "setsar=4/3" }), ...FAST));
    expect(video).toMatchObject({ displayWidth: 427, displayHeight: 240, displayAspect: { num: 16, den: 9 } });
  });
});

describe("a source's time", () => {
  test.each([
    ["30000/1001", { num: 30_000, den: 1001 }],
    ["60000/1001", { num: 60_000, den: 1001 }],
    ["24", { num: 24, den: 1 }],
    ["120", { num: 120, den: 1 }],
  ])("at %s frames a second", async (rate, frameRate) => {
    for (const name of ["a.mp4", "a.mkv"]) {
      const { video } = await probed(name, clip(...picture({ rate, seconds: 1 }), ...FAST));
      expect(video).toMatchObject({ frameRate, variableFrameRate: false });
    }
  });

  test("bad input 55: of one frame", async () => {
    const { video, durationSeconds } = await probed("a.mp4", clip(...picture({ seconds: 1 }), "-frames:v", "1", ...FAST));
    expect(video?.frameCount).toBe(1);
    expect(durationSeconds).toBeCloseTo(1 / 30, 6);
  });

  test("with a variable rate", async () => {
    const select = "select='lt(t,1)+not(mod(n,7))'";
    const { video, durationSeconds } = await probed("a.mkv", clip(...picture({ seconds: 3, filters: select }), "-vsync", "vfr", ...FAST));
    expect(video?.variableFrameRate).toBe(true);
    expect(toNumber(video?.frameRate ?? { num: 0, den: 1 })).toBeCloseTo(13, 0);
    expect(durationSeconds).toBeGreaterThan(2.7);
    expect(durationSeconds).toBeLessThan(3.3);
  });

  test("that begins at ten seconds, the sound a little earlier", async () => {
    const { video, audio, startSeconds } = await probed(
      "a.ts",
      clip("-itsoffset", "0.2", ...picture(), ...tone(), ...FAST, "-output_ts_offset", "10"),
    );
    expect(startSeconds).toBeGreaterThan(9.9);
    const lead = (video?.startSeconds ?? 0) - (audio[0]?.startSeconds ?? 0);
    expect(lead).toBeGreaterThan(0.15);
    expect(lead).toBeLessThan(0.27);
  });

  test("that an edit list halves", async () => {
    const source = await probed("a.mp4", async (path) => {
      await clip(...picture(), "-g", "5", ...FAST, "-bf", "0")(path);
      await trimByEditList(path, 0.5);
    });
    expect(source.durationSeconds).toBeCloseTo(1, 1);
    expect(source.defects).toStrictEqual([]);
  });

  test("bad input 53: of a recording whose size was never filled in", async () => {
    const source = await probed("a.wav", async (path) => {
      await clip(...tone())(path);
      await patch(path, (bytes) => {
        bytes.writeUInt32LE(0xffffffff, 4);
        bytes.writeUInt32LE(0xffffffff, bytes.indexOf("data") + 4);
      });
    });
    expect(source.durationSeconds).toBeCloseTo(2, 2);
    expect(source.defects).toStrictEqual([]);
  });
});

describe("a source's streams", () => {
  test("bad input 51: a picture alone", async () => {
    const source = await probed("a.mp4", clip(...picture({ seconds: 1 }), ...FAST));
    expect(source.audio).toStrictEqual([]);
  });

  test("bad input 50: sound alone", async () => {
    const source = await probed("a.m4a", clip(...tone(), ...FAST));
    expect(source.video).toBeUndefined();
    expect(source.durationSeconds).toBeCloseTo(2, 1);
  });

  test("bad input 52: sound with cover art", async () => {
    const cover = [
      "-f",
      "lavfi",
      "-i",
      "color=size=64x64:duration=0.04",
      "-map",
      "0",
      "-map",
      "1",
      "-frames:v",
      "1",
      "-c:v",
      "png",
      "-disposition:v",
      "attached_pic",
    ];
    const source = await probed("a.mp3", clip(...tone(), ...cover, "-c:a", "libmp3lame", "-b:a", "32k"));
    expect(source.video).toBeUndefined();
    expect(source.audio).toMatchObject([{ codec: "mp3" }]);
    expect(source.ignored).toStrictEqual(["stream 1: attached picture"]);
  });

  test("sound in two languages with titles that try to act", async () => {
    const tags = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger", "-metadata:s:a:1", 'title=A"\n#EXT-X-ENDLIST'];
    const source = await probed("a.mkv", clip(...tone(), ...tone(), ...picture(), "-map", "0", "-map", "1", "-map", "2", ...FAST, ...tags));
    expect(source.video?.index).toBe(2);
    expect(source.audio.map(({ language, title }) => [language, title])).toStrictEqual([
      ["en", undefined],
      ["de", "A #EXT-X-ENDLIST"],
    ]);
  });

  test("a picture with subtitles", async () => {
    const source = await probed("a.mkv", async (path) => {
      await writeFile(`${path}.srt`, "1\n00:00:00,100 --> 00:00:00,900\nHello\n");
      await ffmpeg(...picture(), "-i", `${path}.srt`, ...FAST, "-c:s", "srt", "-metadata:s:s:0", "language=fre", path);
    });
    expect(source.text).toMatchObject([{ codec: "subrip", language: "fr" }]);
  });
});

describe("what is no source", () => {
  const text =
    (content: string): Make =>
    (path) =>
      writeFile(path, content);
  const cutTo =
    (share: number, make: Make): Make =>
    async (path) => {
      await make(path);
      await cut(path, share);
    };
  const faststart = clip(...picture({ size: "640x360" }), ...FAST, "-crf", "20", "-movflags", "+faststart");
  const key = "00112233445566778899aabbccddeeff";
  const many = Array.from({ length: 40 }, () => ["-map", "0"]).flat();

  test.each<readonly [what: string, name: string, expected: { make: Make; code: string }]>([
    ["bad input 30: nothing", "a.mp4", { make: text(""), code: "source_empty" }],
    ["bad input 40: text", "a.mp4", { make: text("hello, world\n".repeat(100)), code: "source_not_media" }],
    ["bad input 40: HTML", "a.mp4", { make: text("<!doctype html><video src=x>"), code: "source_not_media" }],
    [
      "bad input 41: a playlist of a local file",
      "a.mp4",
      { make: text("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"), code: "source_playlist" },
    ],
    ["bad input 42: an ffconcat list", "a.mp4", { make: text("ffconcat version 1.0\nfile '/etc/passwd'\n"), code: "source_playlist" }],
    ["bad input 43: subtitles", "a.mp4", { make: text("1\n00:00:00,000 --> 00:00:09,000\nHi\n"), code: "source_not_media" }],
    ["bad input 58: a file type box alone", "a.mp4", { make: text("\0\0\0\u0010ftypisom\0\0\0\0"), code: "source_not_media" }],
    [
      "bad input 58: a film without its index",
      "a.mp4",
      { make: cutTo(0.6, clip(...picture({ size: "640x360" }), ...FAST, "-crf", "20")), code: "source_truncated" },
    ],
    ["bad input 57: half of a film", "a.mp4", { make: cutTo(0.5, faststart), code: "source_truncated" }],
    ["bad input 57: half of an AVI", "a.avi", { make: cutTo(0.5, clip(...picture(), "-c:v", "mpeg4")), code: "source_truncated" }],
    ["bad input 46: an exotic codec", "a.mkv", { make: clip(...picture({ seconds: 0.5 }), "-c:v", "magicyuv"), code: "source_codec" }],
    [
      "bad input 54: frames ten hours apart",
      "a.mkv",
      { make: clip(...picture({ seconds: 0.2, filters: "setpts=N*36000/TB" }), "-vsync", "vfr", ...FAST), code: "source_limits" },
    ],
    [
      "bad input 49: more streams than anyone listens to",
      "a.mka",
      { make: clip(...tone({ seconds: 0.1 }), ...many, "-c:a", "pcm_s16le"), code: "source_limits" },
    ],
    [
      "bad input 47: a picture of one macroblock's half",
      "a.mkv",
      { make: clip(...picture({ size: "8x8", seconds: 0.2 }), ...FAST), code: "source_limits" },
    ],
    [
      "bad input 62: an encrypted film",
      "a.mp4",
      {
        make: clip(...picture(), ...FAST, "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key, "-encryption_kid", key),
        code: "source_encrypted",
      },
    ],
  ])("%s", async (_what, name, { make, code }) => {
    await expect(probed(name, make)).rejects.toMatchObject({ code, fault: "source", disposition: "reject" });
  });

  test("bad input 57: almost all of a film is one, with a defect", async () => {
    const source = await probed("a.mp4", cutTo(0.97, faststart));
    expect(source.defects).toStrictEqual(["truncated"]);
  });
});

describe("an ffprobe that is not well", () => {
  const withFake = async (script: string, sandbox = TOOLS.sandbox): Promise<Source> => {
    await using folder = await temporaryFolder();
    const ffprobePath = await fakeProgram(folder.in("ffprobe"), script.replaceAll("REAL", TOOLS.ffprobePath));
    await usual(folder.in("a.mp4"));
    return await probeSource(folder.in("a.mp4"), { ...TOOLS, sandbox, ffprobePath }, signal);
  };
  const CRASHING_ON_PACKETS = 'case "$*" in *packet=*) REAL "$@" | head -n 20; kill -SEGV $$;; *) exec REAL "$@";; esac';

  test("is the machine's fault when it is not there", async () => {
    await expect(probed("a.mp4", usual, { ...TOOLS, ffprobePath: "/nonexistent/ffprobe" })).rejects.toMatchObject({
      code: "engine_unavailable",
      disposition: "retry",
    });
    const sandbox = NO_FENCES;
    await expect(probed("a.mp4", usual, { ...TOOLS, sandbox, ffprobePath: "/nonexistent/ffprobe" })).rejects.toMatchObject({
      code: "engine_unavailable",
    });
  });

  test("bad input 66: is tried again after a crash, which need not be the source's fault", async () => {
    await expect(withFake("kill -SEGV $$")).rejects.toMatchObject({ code: "engine_failed", disposition: "retry" });
  });

  test("never makes a source short by dying half way through its packets", async () => {
    await expect(withFake(CRASHING_ON_PACKETS)).rejects.toMatchObject({ code: "engine_failed", disposition: "retry" });
  });

  test("passes a cancelled job's reason through", async () => {
    await using folder = await temporaryFolder();
    await usual(folder.in("a.mp4"));
    const reason = new Error("lease lost");
    await expect(probeSource(folder.in("a.mp4"), TOOLS, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
