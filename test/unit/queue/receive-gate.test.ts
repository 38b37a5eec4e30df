import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { GateChange } from "../../../src/queue/receive-gate.ts";
import { createReceiveGate } from "../../../src/queue/receive-gate.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Slots that receive for ever from a queue that `answers` or not; counts the receives. */
function slots(count: number, answers: () => boolean, random = () => 1) {
  const changes: GateChange[] = [];
  const stop = new AbortController();
  const startedAt: number[] = [];
  const gate = createReceiveGate({ onChange: (change) => changes.push(change), random });
  const origin = performance.now();
  const loop = async (): Promise<void> => {
    for (;;) {
      const ticket = await gate.enter(stop.signal);
      startedAt.push((performance.now() - origin) / 1000);
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (answers()) ticket.succeeded();
      else ticket.failed(new Error("ECONNREFUSED"));
    }
  };
  const ended = Promise.allSettled(Array.from({ length: count }, loop));
  const end = async () => {
    stop.abort(new Error("over"));
    await vi.advanceTimersByTimeAsync(20);
    return ended;
  };
  return { changes, startedAt, end };
}

describe("the receive gate", () => {
  test("fault 33: lets at most 20 receives of 4 slots through in a minute of a dead queue, and tells once", async () => {
    const { changes, startedAt, end } = slots(4, () => false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(startedAt.length).toBeLessThanOrEqual(20);
    expect(startedAt.length).toBeGreaterThan(8);
    expect(changes.map(({ kind }) => kind)).toEqual(["failing"]);
    await end();
  });

  test("doubles its pauses from a second to half a minute", async () => {
    const { startedAt, end } = slots(
      1,
      () => false,
      () => 0,
    );
    await vi.advanceTimersByTimeAsync(125_000);
    const pauses = startedAt.slice(1).map((at, index) => Math.round(at - (startedAt[index] ?? 0)));
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
    await end();
  });

  test("opens for every slot at the first answer, and tells for how long the queue was away", async () => {
    let answers = false;
    const { changes, startedAt, end } = slots(4, () => answers);
    await vi.advanceTimersByTimeAsync(20_000);
    answers = true;
    await vi.advanceTimersByTimeAsync(30_000);
    const before = startedAt.length;
    await vi.advanceTimersByTimeAsync(100);
    expect(startedAt.length - before).toBeGreaterThanOrEqual(36);
    expect(changes.map(({ kind }) => kind)).toEqual(["failing", "recovered"]);
    expect(changes[1]).toMatchObject({ downSeconds: expect.closeTo(30.5, 0) });
    await end();
  });

  test("lets nobody through after the stop, not even a slot that waited", async () => {
    const { startedAt, end } = slots(4, () => false);
    await vi.advanceTimersByTimeAsync(5000);
    const before = startedAt.length;
    const ended = await end();
    expect(ended.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "rejected"]);
    expect(startedAt).toHaveLength(before);
    expect(vi.getTimerCount()).toBe(0);
  });
});
