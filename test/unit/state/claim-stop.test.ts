import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ShutdownError } from "../../../src/domain/errors.ts";
import type { ObjectStore } from "../../../src/pipeline/ports.ts";
import { claimTaker } from "../../../src/state/claims.ts";
import { memoryStore } from "../../helpers/memory-store.ts";

const LEASE = { visibilitySeconds: 300, everySeconds: 60, marginSeconds: 60 };
const REQUEST = { jobId: "job", messageId: "m1", sourceId: "source", ladderHash: "ladder", assetPath: "films/a" };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A claim in a store that stops answering when it is told to: a request then ends with its signal alone. */
async function aClaim() {
  const memory = memoryStore();
  let isGone = false;
  const answered = async <T>(request: () => Promise<T>, signal?: AbortSignal): Promise<T> =>
    isGone ? new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason))) : request();
  const store: ObjectStore = {
    ...memory,
    readText: (key, signal) => answered(() => memory.readText(key), signal),
    writeText: (object, signal) => answered(() => memory.writeText(object), signal),
  };
  const message = new AbortController();
  const claim = await claimTaker({ store, lease: LEASE })(REQUEST, message.signal);
  const stop = (): void => message.abort(new ShutdownError("the worker stops"));
  const textNow = (): string => [...memory.objects.values()].at(0)?.bytes.toString() ?? "";
  return { claim, stop, textNow, vanish: () => (isGone = true) };
}

/** Whether it has ended when so much time has passed. */
async function endsWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  let isOver = false;
  void work.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  await vi.advanceTimersByTimeAsync(ms);
  return isOver;
}

describe("a claim over a store that does not answer", () => {
  test("R-D2: holds up a stop for two seconds, renewal under way and all", async () => {
    const { claim, stop, vanish } = await aClaim();
    vanish();
    await vi.advanceTimersByTimeAsync(60_000);
    stop();
    expect(await endsWithin(2001, claim.end("released"))).toBe(true);
  });

  test("R-D2: a stop that comes while it ends is not held up longer either", async () => {
    const { claim, stop, vanish } = await aClaim();
    vanish();
    const ended = claim.end("failed");
    expect(await endsWithin(60_000, ended)).toBe(false);
    stop();
    expect(await endsWithin(2001, ended)).toBe(true);
  });

  test("R-D2: what the attempt writes of itself is cut off as well", async () => {
    const { claim, stop, vanish } = await aClaim();
    vanish();
    const left = claim.leave({ revision: "r1", planHash: "p" });
    stop();
    expect(await endsWithin(2001, left)).toBe(true);
    await expect(left).rejects.toThrow("in time for a stop");
  });

  test("a claim is given up however long its work takes to end after the stop", async () => {
    const { claim, stop, textNow } = await aClaim();
    stop();
    await vi.advanceTimersByTimeAsync(10_000);
    await claim.end("released");
    expect(textNow()).toContain('"released"');
    expect(vi.getTimerCount()).toBe(0);
  });
});
