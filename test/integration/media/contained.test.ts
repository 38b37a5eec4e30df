import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { SourceError } from "../../../src/domain/errors.ts";
import type { Source } from "../../../src/domain/source.ts";
import type { ProbeTools } from "../../../src/media/probe-source.ts";
import { probeSource } from "../../../src/media/probe-source.ts";
import { ffprobeOn } from "../../../src/media/run-ffprobe.ts";
import { runCommand } from "../../../src/process/run-command.ts";
import { detectSandbox } from "../../../src/process/sandbox.ts";
import { sayAviIsSquareOf } from "../../helpers/avi.ts";
import { FAST, ffmpeg, patch, picture } from "../../helpers/clips.ts";
import { fakeProgram } from "../../helpers/fake-program.ts";
import type { Outcome } from "../../helpers/outcome.ts";
import { settled } from "../../helpers/outcome.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const { signal } = new AbortController();
const { limits, ffmpeg: programs, packager } = loadConfig({ env: { PATH: process.env["PATH"], NODE_ENV: "test" } });
const TOOLS: ProbeTools = { ffmpegPath: programs.path, ffprobePath: programs.probePath, limits, sandbox: await detectSandbox(signal) };

type Make = (path: string) => Promise<void>;

async function probed(name: string, make: Make): Promise<Outcome<Source>> {
  await using folder = await temporaryFolder();
  await make(folder.in(name));
  return await settled(probeSource(folder.in(name), TOOLS, signal));
}

const clip =
  (...args: readonly string[]): Make =>
  (path) =>
    ffmpeg(...args, path);
const usual = clip(...picture(), ...FAST);
const patched =
  (make: Make, change: (bytes: Buffer) => void): Make =>
  async (path) => {
    await make(path);
    await patch(path, change);
  };

const rejected = (code: string) => ({ error: { code, fault: "source", disposition: "reject" } });

const motionJpeg = clip(...picture({ size: "320x180", seconds: 1 }), "-c:v", "mjpeg");

describe("bad input 47: a picture of", () => {
  test.each<readonly [what: string, name: string, expected: { make: Make; code: string }]>([
    ["1 by 1", "a.mkv", { make: clip(...picture({ seconds: 0.2, filters: "scale=1:1" }), "-c:v", "libvpx"), code: "source_limits" }],
    [
      "0 by 0",
      "a.avi",
      {
        make: patched(motionJpeg, (bytes) => {
          sayAviIsSquareOf(bytes, 0);
        }),
        code: "source_limits",
      },
    ],
    [
      "12000 by 12000",
      "a.avi",
      {
        make: patched(motionJpeg, (bytes) => {
          sayAviIsSquareOf(bytes, 12_000);
        }),
        code: "source_limits",
      },
    ],
  ])("%s is rejected", async (_what, name, { make, code }) => {
    await expect(probed(name, make)).resolves.toMatchObject(rejected(code));
  });
});

/** Matroska's Duration (RFC 9559 5.1.2.10): an element of eight bytes, in milliseconds. */
const matroskaDuration =
  (milliseconds: number) =>
  (bytes: Buffer): void => {
    bytes.writeDoubleBE(milliseconds, bytes.indexOf("448988", 0, "hex") + 3);
  };

/** The durations of an MP4's film and of its only track, in boxes of version 0 (ISO/IEC 14496-12 8.2.2, 8.3.2, 8.4.2). */
const mp4Duration =
  (units: number) =>
  (bytes: Buffer): void => {
    for (const [box, offset] of [
      ["mvhd", 20],
      ["tkhd", 24],
      ["mdhd", 20],
    ] as const) {
      bytes.writeUInt32BE(units, bytes.indexOf(box) + offset);
    }
  };

describe("bad input 53: a film that says of itself that it lasts", () => {
  test.each<readonly [what: string, name: string, lie: (bytes: Buffer) => void]>([
    ["no time at all", "a.mkv", matroskaDuration(0)],
    ["less than no time", "a.mkv", matroskaDuration(-5000)],
    ["not a number of seconds", "a.mkv", matroskaDuration(Number.NaN)],
    ["nothing, in an MP4", "a.mp4", mp4Duration(0)],
  ])("%s is measured", async (_what, name, lie) => {
    const outcome = await probed(name, patched(usual, lie));
    expect("value" in outcome && outcome.value.durationSeconds).toBeCloseTo(2, 1);
  });

  test.each<readonly [what: string, name: string, lie: (bytes: Buffer) => void]>([
    ["thirty thousand years", "a.mkv", matroskaDuration(1e15)],
    ["for ever", "a.mkv", matroskaDuration(Number.POSITIVE_INFINITY)],
  ])("%s is rejected or measured, and ends", async (_what, name, lie) => {
    const outcome = await probed(name, patched(usual, lie));
    const seconds = "value" in outcome ? outcome.value.durationSeconds : 2;
    expect(seconds).toBeCloseTo(2, 1);
    expect("error" in outcome ? outcome.error : new SourceError("source_truncated", "")).toMatchObject({ code: "source_truncated" });
  });
});

const KEY = "00112233445566778899aabbccddeeff";

/** Encrypts a film of `make` as a service for rent would: by the packager. */
const underKey =
  (name: string, make: Make, ...scheme: readonly string[]): Make =>
  async (path) => {
    const clear = `${path}-${name}`;
    await make(clear);
    const raw = ["--enable_raw_key_encryption", "--keys", `label=:key_id=${KEY}:key=${KEY}`, "--clear_lead", "0", ...scheme];
    const args = [`in=${clear},stream=video,output=${path}`, ...raw];
    const { exitCode, stderrTail } = await runCommand({ command: packager.path, args, signal });
    if (exitCode !== 0) throw new Error(stderrTail);
  };

describe("bad input 62: encrypted is", () => {
  const vp8 = clip(...picture(), "-c:v", "libvpx", "-deadline", "realtime");
  test.each<readonly [what: string, name: string, make: Make]>([
    ["a WebM", "a.webm", underKey("clear.webm", vp8)],
    ["a film under pattern encryption", "a.mp4", underKey("clear.mp4", usual, "--protection_scheme", "cbcs")],
    ["a film of a store", "a.mp4", patched(usual, (bytes) => bytes.write("drmi", bytes.indexOf("avc1", bytes.indexOf("stsd")), "latin1"))],
    [
      "a broadcast that is scrambled",
      "a.ts",
      patched(clip(...picture(), ...FAST), (bytes) => {
        // Tables stay in clear (packet identifiers 0 and 0x1000 of this muxer), the rest says "even key".
        for (let at = 0; at < bytes.length; at += 188) {
          const identifier = bytes.readUInt16BE(at + 1) & 0x1fff;
          if (identifier >= 0x100 && identifier < 0x1000) bytes[at + 3] = (bytes[at + 3] ?? 0) | 0x80;
        }
      }),
    ],
  ])("%s", async (_what, name, make) => {
    await expect(probed(name, make)).resolves.toMatchObject(rejected("source_encrypted"));
  });

  test("no broadcast in clear", async () => {
    await expect(probed("a.ts", usual)).resolves.toMatchObject({ value: { video: { codec: "h264" } } });
  });
});

/** A RIFF chunk. */
function chunk(name: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(8);
  header.write(name, "latin1");
  header.writeUInt32LE(body.length, 4);
  return Buffer.concat([header, body, Buffer.alloc(body.length % 2)]);
}
const list = (kind: string, ...parts: readonly Buffer[]): Buffer => chunk("LIST", Buffer.from(kind), ...parts);

/** Words of 32 bits, little end first. */
function words(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => buffer.writeUInt32LE(value, index * 4));
  return buffer;
}
const name4 = (text: string): number => Buffer.from(text, "latin1").readUInt32LE(0);

/** An AVI of one JPEG and one packet of text, which is a whole file of its own ("GAB2"). */
function aviWithText(jpeg: Buffer, text: string): Buffer {
  const streamHeader = (type: string, handler: number): Buffer =>
    chunk("strh", words(name4(type), handler, 0, 0, 0, 1, 25, 0, 1, 0, 0xffffffff, 0, 0, 0));
  const format = chunk("strf", words(40, 320, 180, 24 * 65_536 + 1, name4("MJPG"), 320 * 180 * 3, 0, 0, 0, 0));
  const header = list(
    "hdrl",
    chunk("avih", words(40_000, 0, 0, 0, 1, 0, 2, 0, 320, 180, 0, 0, 0, 0)),
    list("strl", streamHeader("vids", name4("MJPG")), format),
    list("strl", streamHeader("txts", 0), chunk("strf", Buffer.alloc(0))),
  );
  const size = Buffer.alloc(4);
  size.writeUInt32LE(text.length);
  const nested = Buffer.concat([Buffer.from("GAB2\0\u0002\0\0\0\0\0\u0004\0", "latin1"), size, Buffer.from(text)]);
  return chunk("RIFF", Buffer.from("AVI "), header, list("movi", chunk("00dc", jpeg), chunk("01tx", nested)));
}

describe("an AVI with a file for its text", () => {
  const avi =
    (text: string): Make =>
    async (path) => {
      await ffmpeg(...picture({ size: "320x180", seconds: 0.04, rate: "25" }), "-frames:v", "1", "-c:v", "mjpeg", `${path}.jpg`);
      await writeFile(path, aviWithText(await readFile(`${path}.jpg`), text));
    };

  const playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n";

  test.each([
    ["subtitles", "1\n00:00:00,000 --> 00:00:01,000\nHello\n"],
    ["a playlist", playlist],
  ])("bad input 44: has nothing of it opened when it is %s", async (_what, text) => {
    const outcome = await probed("a.avi", avi(text));
    expect(outcome).toMatchObject({ value: { text: [], container: "avi", video: { codec: "mjpeg" } } });
  });

  test("would have it read by an ffprobe without a list of formats", async () => {
    await using folder = await temporaryFolder();
    await avi("1\n00:00:00,000 --> 00:00:01,000\nHello\n")(folder.in("a.avi"));
    const args = ["-v", "error", "-show_entries", "stream=codec_name", "-of", "compact", folder.in("a.avi")];
    const { stdout } = await runCommand({ command: programs.probePath, args, signal });
    expect(stdout).toContain("codec_name=subrip");
  });
});

describe("bad input 64: what ffprobe says of a file is bounded:", () => {
  const titled =
    (letters: number): Make =>
    async (path) => {
      await writeFile(`${path}.txt`, `;FFMETADATA1\ntitle=${"x".repeat(letters)}\n`);
      await ffmpeg(...picture({ seconds: 0.2 }), "-i", `${path}.txt`, "-map_metadata", "1", "-map", "0", ...FAST, path);
    };

  test("a title of fifty million letters is not read at all", async () => {
    await expect(probed("a.mkv", titled(50_000_000))).resolves.toMatchObject({ value: { video: { codec: "h264" } } });
  });

  test("one of twelve million is more than it may say", async () => {
    await expect(probed("a.mkv", titled(12_000_000))).resolves.toMatchObject({
      error: { code: "source_limits", message: expect.stringContaining("more to say") },
    });
  });
});

describe("an ffprobe that hangs", () => {
  test("bad input 66: is ended at its deadline, and the source rejected for it", async () => {
    await using folder = await temporaryFolder();
    const ffprobePath = await fakeProgram(folder.in("ffprobe"), "trap '' TERM; sleep 60");
    await usual(folder.in("a.mp4"));
    const ffprobe = ffprobeOn(folder.in("a.mp4"), { ...TOOLS, ffprobePath }, signal);
    await expect(settled(ffprobe({ args: [], deadlineMs: 200 }))).resolves.toMatchObject(rejected("source_limits"));
  });
});
