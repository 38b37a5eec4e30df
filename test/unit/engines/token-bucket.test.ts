import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLimiter, fullBucket, take } from "../../../src/engines/token-bucket.ts";

const CREATE_JOB = { perSecond: 2, burst: 100 };

describe("a token bucket", () => {
  test("lets no more go in any span than its burst and what the span earns", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 400 }), { minLength: 1, maxLength: 60 }), (pauses) => {
        const quota = { perSecond: 4, burst: 5 };
        let bucket = fullBucket(quota, 0);
        let nowMs = 0;
        const goesAt = pauses.map((pauseMs) => {
          nowMs += pauseMs;
          const taken = take(bucket, quota, nowMs);
          bucket = taken.bucket;
          return nowMs + taken.waitMs;
        });
        for (const [first, from] of goesAt.entries())
          for (const [offset, to] of goesAt.slice(first).entries())
            expect(offset + 1).toBeLessThanOrEqual(quota.burst + ((to - from + 1) / 1000) * quota.perSecond + 1);
        expect(goesAt).toStrictEqual(goesAt.toSorted((a, b) => a - b));
      }),
    );
  });

  test("gives the burst at once and then what the quota gives", () => {
    let bucket = fullBucket(CREATE_JOB, 0);
    const waits = Array.from({ length: 103 }, () => {
      const taken = take(bucket, CREATE_JOB, 0);
      bucket = taken.bucket;
      return taken.waitMs;
    });
    expect(waits.slice(0, 100)).toStrictEqual(Array.from({ length: 100 }, () => 0));
    expect(waits.slice(100)).toStrictEqual([500, 1000, 1500]);
  });

  test("gives no more than the burst however long nobody asked", () => {
    const { bucket } = take({ tokens: 0, atMs: 0 }, CREATE_JOB, 3_600_000);
    expect(bucket.tokens).toBe(CREATE_JOB.burst - 1);
  });

  test("gives nothing for a clock that goes back", () => {
    const empty = { tokens: 0, atMs: 10_000 };
    const { bucket, waitMs } = take(empty, CREATE_JOB, 5000);
    expect(waitMs).toBe(500);
    expect(bucket.atMs).toBe(10_000);
  });
});

describe("createLimiter", () => {
  test("lets its callers wait for their turn, and tells an aborted one why", async () => {
    const waits: number[] = [];
    const sleep = async (ms: number): Promise<void> => void waits.push(ms);
    const admit = createLimiter({ perSecond: 2, burst: 1 }, { nowMs: () => 0, sleep });
    const { signal } = new AbortController();
    for (let calls = 0; calls < 3; calls += 1) await admit(signal);
    expect(waits).toStrictEqual([500, 1000]);
    await expect(admit(AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
    expect(waits).toHaveLength(2);
  });
});
