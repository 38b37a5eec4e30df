import { describe, expect, test } from "vitest";
import type { ErrorCode } from "../../../src/domain/errors.ts";
import { LASTING_CODES } from "../../../src/domain/errors.ts";
import { createIntakeBreaker } from "../../../src/queue/intake-breaker.ts";

function aBreaker() {
  let nowMs = 0;
  const changes: (ErrorCode | undefined)[] = [];
  const breaker = createIntakeBreaker({ onChange: (code) => changes.push(code), clock: () => nowMs });
  const fail = (code: ErrorCode, times = 1): void => {
    for (let count = 0; count < times; count += 1) breaker.note({ outcome: "failed", code });
  };
  return { breaker, changes, fail, pass: (seconds: number) => (nowMs += seconds * 1000) };
}

describe("the intake", () => {
  test.each(LASTING_CODES)(
    "fault 41, fault 52, bad input 34, bad input 36: pauses after five messages in a row that ended in %s",
    (code) => {
      const { breaker, changes, fail } = aBreaker();
      fail(code, 4);
      expect(breaker.mayReceive()).toBe(true);
      fail(code, 3);
      expect(breaker.mayReceive()).toBe(false);
      expect(breaker.heldFor()).toBe(code);
      expect(changes).toEqual([code]);
    },
  );

  test("stays open while jobs get through in between, and for failures that pass", () => {
    const { breaker, changes, fail } = aBreaker();
    fail("source_denied", 4);
    breaker.note({ outcome: "published" });
    fail("source_denied", 4);
    fail("storage_throttled", 20);
    breaker.note({ outcome: "rejected", code: "source_empty" });
    fail("source_denied", 4);
    expect(breaker.mayReceive()).toBe(true);
    expect(changes).toEqual([]);
  });

  test("tries one message a minute while it pauses, whatever the slots", () => {
    const { breaker, fail, pass } = aBreaker();
    fail("destination_denied", 5);
    pass(59);
    expect(breaker.mayReceive()).toBe(false);
    pass(2);
    expect([breaker.mayReceive(), breaker.mayReceive(), breaker.mayReceive()]).toEqual([true, false, false]);
    fail("destination_denied");
    pass(59);
    expect(breaker.mayReceive()).toBe(false);
  });

  test("opens with the first job that gets through, and says so once", () => {
    const { breaker, changes, fail, pass } = aBreaker();
    fail("engine_unavailable", 5);
    pass(60);
    expect(breaker.mayReceive()).toBe(true);
    breaker.note({ outcome: "released", code: "shutdown" });
    expect(breaker.heldFor()).toBe("engine_unavailable");
    breaker.note({ outcome: "published" });
    breaker.note({ outcome: "published" });
    expect([breaker.mayReceive(), breaker.mayReceive()]).toEqual([true, true]);
    expect(changes).toEqual(["engine_unavailable", undefined]);
  });
});
