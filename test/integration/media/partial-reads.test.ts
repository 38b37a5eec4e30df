import { readFile, stat } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { planEncode } from "../../../src/domain/plan-encode.ts";
import { fetchIndex } from "../../../src/media/fetch-index.ts";
import { probeSource } from "../../../src/media/probe-source.ts";
import { detectSandbox } from "../../../src/process/sandbox.ts";
import { ffmpeg, picture, rotate, tone } from "../../helpers/clips.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const { signal } = new AbortController();
const { limits, ffmpeg: programs } = loadConfig({ env: { PATH: process.env["PATH"], NODE_ENV: "test" } });
const TOOLS = { ffmpegPath: programs.path, ffprobePath: programs.probePath, limits, sandbox: await detectSandbox(signal) };

/** 24 Mb/s of noise: what is fetched is a small part of it. */
const HEAVY = [
  ...["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-b:v", "24M", "-minrate", "24M", "-maxrate", "24M"],
  ...["-bufsize", "24M", "-nal-hrd", "cbr", "-c:a", "aac", "-b:a", "64k"],
] as const;
const heavy = async (path: string, ...more: readonly string[]): Promise<void> =>
  ffmpeg(...picture({ seconds: 6 }), ...tone({ seconds: 6 }), ...HEAVY, ...more, path);

describe("the index and the beginning of an MP4", () => {
  test.each([
    ["index behind the media", async (path: string) => heavy(path)],
    ["index in front", async (path: string) => heavy(path, "-movflags", "+faststart")],
    [
      "a picture that is turned, with B-frames",
      async (path: string) => {
        await heavy(path, "-bf", "2");
        await rotate(path, 90);
      },
    ],
    ["fields", async (path: string) => heavy(path, "-flags", "+ildct+ilme", "-x264-params", "tff=1")],
  ])(
    "describe what the whole does: %s",
    async (_name, make) => {
      await using folder = await temporaryFolder();
      await make(folder.in("whole.mp4"));
      const whole = await readFile(folder.in("whole.mp4"));
      let read = 0;
      const isEnough = await fetchIndex(folder.in("part.mp4"), {
        sizeBytes: whole.length,
        read: async (from, to) => {
          read += to - from;
          return whole.subarray(from, to);
        },
      });
      expect(isEnough).toBe(true);
      expect(read).toBeLessThan(whole.length / 1.5);
      const { size, blocks } = await stat(folder.in("part.mp4"));
      expect(size).toBe(whole.length);
      expect(blocks * 512).toBeLessThan(whole.length / 1.5);
      const [inPart, inWhole] = [
        await probeSource(folder.in("part.mp4"), TOOLS, signal),
        await probeSource(folder.in("whole.mp4"), TOOLS, signal),
      ];
      const content = { kind: "unknown", reason: "not measured" } as const;
      // Whether the film could be copied is in its keyframes, and no service copies.
      const planOf = (source: typeof inWhole) => {
        const { source: _source, ...plan } = planEncode(source, { ...aLadder(), passThrough: false }, { content });
        return plan;
      };
      expect(planOf(inPart)).toStrictEqual(planOf(inWhole));
      expect({ ...inPart, video: { ...inPart.video, keyframeGrid: 0 } }).toStrictEqual({
        ...inWhole,
        video: { ...inWhole.video, keyframeGrid: 0 },
      });
    },
    120_000,
  );
});
