import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ClaimHeldError,
  DestinationError,
  EngineError,
  InvalidJobError,
  LeaseLostError,
  OutputError,
  ResourceError,
  ShutdownError,
  SourceError,
  StorageError,
} from "../../../src/domain/errors.ts";
import type { JobError } from "../../../src/domain/errors.ts";
import { settlementOf } from "../../../src/domain/settlement.ts";

const ERRORS = [
  new InvalidJobError("job_malformed", "x"),
  new SourceError("source_empty", "x"),
  new DestinationError("x"),
  new EngineError("engine_rejected", "x"),
  new EngineError("engine_failed", "x"),
  new OutputError("output_incomplete", "x"),
  new StorageError("x"),
  new ResourceError("disk_full", "x"),
  new ResourceError("stalled", "x"),
  new LeaseLostError("x"),
  new ShutdownError("x"),
];
const delayOf = (error: unknown, receiveCount: number, random = 0): number => {
  const settlement = settlementOf(error, { receiveCount, random });
  return "delaySeconds" in settlement ? settlement.delaySeconds : Number.NaN;
};
const attempts = fc.record({
  receiveCount: fc.integer({ min: -1, max: 5000 }),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});

describe("settlementOf", () => {
  test.each(ERRORS.map((error) => [error.name, error.code, error] as const))(
    "%s %s is settled as it says",
    (_name, _code, error: JobError) => {
      expect(settlementOf(error, { receiveCount: 1, random: 0.5 }).kind).toBe(error.disposition);
    },
  );

  test.each([new TypeError("x"), "text", undefined, null])("what is no JobError is tried again: %s", (error) => {
    expect(settlementOf(error, { receiveCount: 1, random: 0 })).toEqual({ kind: "retry", delaySeconds: 60 });
  });

  test("whoever comes back waits 30 seconds to 15 minutes, after a stop 20 to 30 seconds, whatever the count", () => {
    const bounded = fc.property(fc.constantFrom(...ERRORS, "unknown"), attempts, (error, attempt) => {
      const settlement = settlementOf(error, attempt);
      if (!("delaySeconds" in settlement)) return true;
      const [least, most] = error instanceof ShutdownError ? [20, 30] : [30, 900];
      return settlement.delaySeconds >= least && settlement.delaySeconds <= most;
    });
    expect(() => fc.assert(bounded)).not.toThrow();
  });

  test("a retry doubles its delay with each receive up to the limit", () => {
    const delays = [1, 2, 3, 4, 5, 6].map((receiveCount) => delayOf(new StorageError("x"), receiveCount));
    expect(delays).toEqual([30, 60, 120, 240, 450, 450]);
  });

  test.each([new ClaimHeldError("held"), new ResourceError("disk_full", "x"), new ResourceError("machine_fault", "x")])(
    "what lasts is given back for ever longer, since each receive counts at the queue: $code",
    (error) => {
      const delayAt = (receiveCount: number) => settlementOf(error, { receiveCount, random: 0 });
      expect([1, 2, 3, 9].map(delayAt)).toEqual([30, 60, 120, 450].map((delaySeconds) => ({ kind: "release", delaySeconds })));
    },
  );

  test("the jitter spreads a delay over twice its length, also at the limit", () => {
    expect(delayOf(new StorageError("x"), 9, 0)).toBe(450);
    expect(delayOf(new StorageError("x"), 9, 0.999)).toBeGreaterThan(890);
  });

  test("what somebody must mend waits longer than what passes", () => {
    expect(delayOf(new DestinationError("x"), 1)).toBeGreaterThan(delayOf(new StorageError("x"), 1));
  });
});
