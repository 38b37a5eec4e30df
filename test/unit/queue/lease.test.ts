import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LeaseLostError, ResourceError, ShutdownError } from "../../../src/domain/errors.ts";
import type { ExtensionResult, LeaseOptions } from "../../../src/queue/lease.ts";
import { holdLease } from "../../../src/queue/lease.ts";

const seconds = async (count: number): Promise<void> => {
  await vi.advanceTimersByTimeAsync(count * 1000);
};
const aLease = (options: Partial<LeaseOptions> = {}) =>
  holdLease({ extend: async () => {}, visibilitySeconds: 300, everySeconds: 60, marginSeconds: 60, ...options });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  const left = vi.getTimerCount();
  vi.useRealTimers();
  if (left > 0) throw new Error(`${left} timers are left`);
});

describe("holdLease", () => {
  test("extends to the full visibility at every interval until it is released", async () => {
    const extend = vi.fn<LeaseOptions["extend"]>(async () => {});
    const lease = aLease({ extend });
    await seconds(185);
    expect(extend.mock.calls).toEqual([[300], [300], [300]]);
    expect(lease.remainingSeconds()).toBe(295);
    lease.release();
    await seconds(600);
    expect(extend).toHaveBeenCalledTimes(3);
    expect(lease.signal.aborted).toBe(false);
  });

  test("R-L7: outlives a block of 3.5 s just before an extension, far from its margin", async () => {
    let blockedMs = 0;
    const results: ExtensionResult[] = [];
    const lease = aLease({ clock: () => performance.now() + blockedMs, onExtension: (result) => results.push(result) });
    await seconds(59.9);
    // No timer fires meanwhile, and the clock goes on.
    blockedMs = 3500;
    expect(() => lease.check()).not.toThrow();
    expect(lease.remainingSeconds()).toBeGreaterThan(230);
    await seconds(1);
    expect(results).toEqual(["ok"]);
    expect(lease.signal.aborted).toBe(false);
    expect(lease.remainingSeconds()).toBeGreaterThan(298);
    lease.release();
  });

  test("fault 26: is lost at once when the message is somebody else's", async () => {
    const results: ExtensionResult[] = [];
    const lost = new LeaseLostError("the receipt handle is invalid");
    const lease = aLease({ extend: async () => Promise.reject(lost), onExtension: (result) => results.push(result) });
    await seconds(60);
    expect(lease.signal.reason).toBe(lost);
    expect(results).toEqual(["lost"]);
    expect(() => lease.check()).toThrow(lost);
  });

  test("fault 24: survives three minutes of failing extensions", async () => {
    const results: ExtensionResult[] = [];
    let failing = true;
    const lease = aLease({
      extend: async () => {
        if (failing) throw new Error("503");
      },
      onExtension: (result) => results.push(result),
    });
    await seconds(180);
    failing = false;
    await seconds(10);
    expect(results.at(-1)).toBe("ok");
    expect(lease.signal.aborted).toBe(false);
    expect(lease.remainingSeconds()).toBeGreaterThan(290);
    lease.release();
  });

  test("fault 25: is lost when the extensions fail until only the margin is left", async () => {
    const lease = aLease({ extend: async () => Promise.reject(new Error("503")) });
    await seconds(239);
    expect(lease.signal.aborted).toBe(false);
    await seconds(2);
    expect(lease.signal.reason).toBeInstanceOf(LeaseLostError);
  });

  test("is lost when an extension never answers", async () => {
    const lease = aLease({ extend: async () => new Promise(() => {}) });
    await seconds(241);
    expect(lease.signal.reason).toBeInstanceOf(LeaseLostError);
  });

  test.each([3600, -3600])("fault 53: holds when the wall clock jumps by %i s, and asks for no more than before", async (jump) => {
    const extend = vi.fn<LeaseOptions["extend"]>(async () => {});
    const lease = aLease({ extend });
    await seconds(30);
    vi.setSystemTime(Date.now() + jump * 1000);
    expect(lease.remainingSeconds()).toBe(270);
    expect(() => lease.check()).not.toThrow();
    await seconds(31);
    expect(extend).toHaveBeenCalledTimes(1);
    expect(lease.signal.aborted).toBe(false);
    lease.release();
  });

  test("counts an extension from its call, not from its answer", async () => {
    const lease = aLease({ extend: async () => new Promise((resolve) => setTimeout(resolve, 20_000)) });
    await seconds(80);
    expect(lease.remainingSeconds()).toBe(280);
    await lease[Symbol.asyncDispose]();
  });

  test("fault 27: finds itself lost by the clock after the process stood still, before any timer runs", () => {
    let now = 0;
    const lease = aLease({ clock: () => now });
    lease.check();
    now = 600_000;
    expect(() => lease.check()).toThrow(LeaseLostError);
    expect(lease.signal.aborted).toBe(true);
  });

  test("began when the message was handed out: a process that stood still before it took the answer has lost it", () => {
    const lease = aLease({ clock: () => 600_000, since: 300_000 });
    expect(() => lease.check()).toThrow(LeaseLostError);
  });

  test("goes on extending after a shutdown was asked for, until it is released", async () => {
    const extend = vi.fn<LeaseOptions["extend"]>(async () => {});
    const shutdown = new AbortController();
    const lease = aLease({ extend, signal: shutdown.signal });
    const reason = new ShutdownError("stopping");
    shutdown.abort(reason);
    expect(lease.signal.reason).toBe(reason);
    await seconds(125);
    expect(extend).toHaveBeenCalledTimes(2);
    lease.release();
  });

  test("is lost all the same when a shutdown was asked for before", () => {
    let now = 0;
    const reason = new ShutdownError("stopping");
    const lease = aLease({ clock: () => now, signal: AbortSignal.abort(reason) });
    expect(() => lease.check()).toThrow(reason);
    now = 600_000;
    expect(() => lease.check()).toThrow(LeaseLostError);
    expect(() => lease.check()).toThrow(LeaseLostError);
  });

  test("ends a job after 11 hours with time left to settle, and never asks for more than SQS's 12 hours", async () => {
    let last = 0;
    const lease = aLease({
      extend: async () => {
        last = performance.now();
      },
      everySeconds: 200,
    });
    const started = performance.now();
    await seconds(11 * 3600 - 1);
    expect(lease.signal.aborted).toBe(false);
    await seconds(2);
    expect(lease.signal.reason).toBeInstanceOf(ResourceError);
    expect(lease.remainingSeconds()).toBeGreaterThan(0);
    await seconds(3600);
    expect((last - started) / 1000 + 300).toBeLessThan(12 * 3600);
    lease.release();
  });

  test("waits at its disposal for the extension under way, so that a settlement comes after it", async () => {
    const order: string[] = [];
    const lease = aLease({
      extend: async () => {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        order.push("extended");
      },
    });
    await seconds(60.5);
    const disposed = lease[Symbol.asyncDispose]().then(() => order.push("disposed"));
    await seconds(1);
    await disposed;
    expect(order).toEqual(["extended", "disposed"]);
  });

  test("leaves no listener on the signal it was given", () => {
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, "removeEventListener");
    aLease({ signal }).release();
    expect(removed).toHaveBeenCalledOnce();
  });
});
