import { describe, expect, test, vi } from "vitest";
import { SourceError, StorageError } from "../../../src/domain/errors.ts";
import { retrying } from "../../../src/aws/retry.ts";

const failingTimes = (times: number, error: Error) => {
  let left = times;
  return vi.fn<() => Promise<string>>(async () => {
    if (left === 0) return "done";
    left -= 1;
    throw error;
  });
};

describe("retrying", () => {
  test("tries again what may heal, as often as it is told", async () => {
    expect(await retrying(failingTimes(2, new StorageError("503")), { tries: 3, pauseMs: 1 })).toBe("done");
    const attempt = failingTimes(9, new StorageError("503"));
    await expect(retrying(attempt, { tries: 3, pauseMs: 1 })).rejects.toThrow("503");
    expect(attempt).toHaveBeenCalledTimes(3);
  });

  test("throws at once what will not", async () => {
    const attempt = failingTimes(9, new SourceError("source_not_found", "gone"));
    await expect(retrying(attempt, { tries: 3, pauseMs: 1 })).rejects.toThrow("gone");
    expect(attempt).toHaveBeenCalledOnce();
  });

  test("ends its pause at an abort, with the signal's reason", async () => {
    const stop = new AbortController();
    const reason = new Error("stopping");
    vi.spyOn(Math, "random").mockReturnValue(0.9);
    const retried = retrying(failingTimes(9, new StorageError("503")), { tries: 3, pauseMs: 60_000, signal: stop.signal });
    setTimeout(() => stop.abort(reason), 20);
    await expect(retried).rejects.toBe(reason);
    vi.restoreAllMocks();
  });
});
