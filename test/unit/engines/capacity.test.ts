import { availableParallelism, totalmem } from "node:os";
import { describe, expect, test } from "vitest";
import { chunkBytes } from "../../../src/domain/chunks.ts";
import { encodeBudgetBytes, encodeBytes, encoderThreads, parallelChunks } from "../../../src/engines/ffmpeg/capacity.ts";
import { aPlan } from "../../helpers/plans.ts";
import { aSource, aVideoTrack } from "../../helpers/sources.ts";

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

describe("R-L11: encodeBytes", () => {
  const rules = { aboveCores: 4, minimumSegments: 1 };

  test("of one process is what was measured, by the largest picture and the cores that it can use", () => {
    const cores = Math.min(availableParallelism(), 4);
    expect(encodeBytes(aPlan(), { ...rules, parallel: 1 })).toBeCloseTo(390e6 * (1 + 0.375 * cores), -3);
  });

  test("of chunks is that of those which run at a time", () => {
    const plan = aPlan(aSource({ video: aVideoTrack({ durationSeconds: 600 }) }));
    for (const parallel of [5, 8]) expect(encodeBytes(plan, { ...rules, parallel })).toBe(parallel * chunkBytes(plan));
  });

  test("leaves a fifth of the machine to everything else", () => {
    expect(encodeBudgetBytes()).toBeGreaterThan(0);
    expect(encodeBudgetBytes()).toBeLessThanOrEqual(0.8 * totalmem());
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
