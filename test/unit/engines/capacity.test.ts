import { availableParallelism } from "node:os";
import { describe, expect, test } from "vitest";
import { encoderThreads, parallelChunks } from "../../../src/engines/ffmpeg/capacity.ts";
import { aPlan } from "../../helpers/plans.ts";

describe("parallelChunks", () => {
  test("is what is configured, whatever the machine", () => {
    expect(parallelChunks(aPlan(), { parallelChunks: 9, concurrency: 4 })).toBe(9);
  });

  test("is one at least, and never above the job's share of the cores", () => {
    for (const concurrency of [1, 2, 64]) {
      const parallel = parallelChunks(aPlan(), { parallelChunks: 0, concurrency });
      expect(parallel).toBeGreaterThanOrEqual(1);
      expect(parallel).toBeLessThanOrEqual(Math.max(1, availableParallelism() / concurrency));
    }
  });
});

describe("encoderThreads", () => {
  test.each([
    [0, 4, 0],
    [0, 64, 6],
    [3, 64, 3],
  ])("of %d configured on %d cores are %d", (configured, cores, threads) => {
    expect(encoderThreads(configured, { cores, usableCores: 4 })).toBe(threads);
  });
});
