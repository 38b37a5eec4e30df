import { describe, expect, test } from "vitest";
import { inputGuards, programGuards } from "../../../src/media/input-guards.ts";
import type { SourceLimits } from "../../../src/media/limits.ts";
import { enforceLimits } from "../../../src/media/limits.ts";
import type { Source } from "../../../src/domain/source.ts";
import { aSource, aVideoTrack } from "../../helpers/sources.ts";

const LIMITS: SourceLimits = {
  maxSourceBytes: 1e9,
  maxDurationSeconds: 3600,
  maxWidth: 4096,
  maxHeight: 2304,
  maxPixels: 4096 * 2160,
  maxStreams: 32,
  maxGapSeconds: 60,
};
const enforced =
  (source: Source, gapSeconds = 0.04) =>
  (): void =>
    enforceLimits(source, LIMITS, gapSeconds);
const sized = (width: number, height: number): Source => aSource({ video: aVideoTrack({ displayWidth: width, displayHeight: height }) });

describe("enforceLimits", () => {
  test.each([
    ["duration", aSource({ durationSeconds: 3601 })],
    ["no duration", aSource({ durationSeconds: 0 })],
    ["no duration", aSource({ durationSeconds: Number.NaN })],
    ["maxWidth", sized(4098, 1000)],
    ["maxHeight", sized(1000, 2306)],
    ["maxPixels", sized(4096, 2304)],
    ["too small", sized(15, 480)],
  ])("names %s", (named, source) => {
    expect(enforced(source)).toThrow(expect.objectContaining({ code: "source_limits", message: expect.stringContaining(named) }));
  });

  test("refuses hours without a frame", () => {
    expect(enforced(aSource(), 61)).toThrow(/without a frame/);
  });

  test.each([aSource(), sized(4096, 2160), sized(16, 16), aSource({ video: undefined })])("lets a source within them pass", (source) => {
    expect(enforced(source)).not.toThrow();
  });
});

describe("inputGuards", () => {
  test("bad input 44: open local files only, in known formats and decoders", () => {
    const guards = inputGuards({ maxPixels: 100, maxStreams: 4 });
    const valueOf = (flag: string): string | undefined => guards[guards.indexOf(flag) + 1];
    expect(valueOf("-protocol_whitelist")).toBe("file");
    expect(valueOf("-max_pixels")).toBe("100");
    expect(valueOf("-max_streams")).toBe("4");
    for (const format of ["hls", "concat", "dash", "sdp", "image2", "lavfi", "rtsp"]) {
      expect(valueOf("-format_whitelist")?.split(",")).not.toContain(format);
    }
    for (const codec of ["magicyuv", "jpeg2000", "rawvideo"]) expect(valueOf("-codec_whitelist")?.split(",")).not.toContain(codec);
    expect(programGuards()[0]).toBe("-max_alloc");
  });
});
