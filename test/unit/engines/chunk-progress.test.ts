import { describe, expect, test } from "vitest";
import { chunkProgress } from "../../../src/engines/ffmpeg/chunk-progress.ts";
import type { EncodeProgress } from "../../../src/engines/ffmpeg/progress.ts";

const report = (seconds: number): readonly string[] => [`out_time_us=${seconds * 1_000_000}`, "speed=9x", "progress=continue"];

describe("chunkProgress", () => {
  test("adds up what all chunks have done, at the pace of the wall clock", () => {
    const seen: EncodeProgress[] = [];
    let nowMs = 0;
    const progress = chunkProgress(
      (event) => seen.push(event),
      0,
      () => nowMs,
    );
    const [first, second] = [progress.reader(30), progress.reader(30)];
    nowMs = 10_000;
    for (const line of report(20)) first(line);
    for (const line of report(10)) second(line);
    expect(seen).toStrictEqual([
      { seconds: 20, speed: 2 },
      { seconds: 30, speed: 3 },
    ]);
  });

  test("never goes back, and counts no more of a chunk than it lasts", () => {
    const seen: number[] = [];
    const progress = chunkProgress(
      ({ seconds }) => seen.push(seconds),
      0,
      () => 0,
    );
    const reader = progress.reader(30);
    for (const line of [...report(12), ...report(8), ...report(31)]) reader(line);
    expect(seen).toStrictEqual([12, 12, 30]);
  });
});
