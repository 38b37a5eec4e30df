import { afterEach, describe, expect, test, vi } from "vitest";
import { createMemoryGate } from "../../../src/pipeline/memory-gate.ts";
import { settled } from "../../helpers/outcome.ts";

const { signal } = new AbortController();
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Asks for room, and tells in `inside` when it is there. */
function asking(gate: ReturnType<typeof createMemoryGate>) {
  const inside: string[] = [];
  const waited: string[] = [];
  const enter = async (name: string, bytes: number, cancel: AbortSignal = signal): Promise<Disposable> => {
    const room = await gate.enter(bytes, { signal: cancel, onWait: () => waited.push(name) });
    inside.push(name);
    return room;
  };
  return { enter, inside, waited };
}

afterEach(() => vi.useRealTimers());

describe("R-L11, fault 48: of encodes that share a machine", () => {
  test("those run that fit its memory, and the others wait in their order", async () => {
    const { enter, inside, waited } = asking(createMemoryGate(100));
    const first = await enter("60", 60);
    const large = enter("50", 50);
    const small = enter("10", 10);
    await turn();
    // A small one that went ahead for ever would keep the large one out for ever.
    expect([inside, waited]).toEqual([["60"], ["50", "10"]]);
    first[Symbol.dispose]();
    await Promise.all([large, small]);
    expect(inside).toEqual(["60", "50", "10"]);
  });

  test("one that needs more than there is runs alone", async () => {
    const { enter, inside } = asking(createMemoryGate(100));
    const huge = await enter("huge", 500);
    const other = enter("other", 1);
    await turn();
    expect(inside).toEqual(["huge"]);
    huge[Symbol.dispose]();
    const held = await other;
    const again = enter("again", 500);
    await turn();
    expect(inside).toEqual(["huge", "other"]);
    held[Symbol.dispose]();
    await again;
  });

  test("one that has waited for ten minutes is given back: another machine may have the memory", async () => {
    vi.useFakeTimers();
    const gate = createMemoryGate(100);
    const { enter, inside } = asking(gate);
    await enter("60", 60);
    const large = settled(enter("large", 50));
    expect(gate.isCrowded()).toBe(true);
    await vi.advanceTimersByTimeAsync(599_000);
    expect(gate.isCrowded()).toBe(true);
    await vi.advanceTimersByTimeAsync(1000);
    await expect(large).resolves.toMatchObject({ error: { code: "memory_full", disposition: "release" } });
    expect([gate.isCrowded(), inside]).toEqual([false, ["60"]]);
  });

  test("none begins anew in a drain, and what runs goes on", async () => {
    const gate = createMemoryGate(100);
    const { enter, inside } = asking(gate);
    const first = await enter("60", 60);
    const large = settled(enter("large", 50));
    gate.drain();
    await expect(large).resolves.toMatchObject({ error: { code: "shutdown" } });
    await expect(settled(enter("late", 50))).resolves.toMatchObject({ error: { code: "shutdown" } });
    await enter("small", 40);
    first[Symbol.dispose]();
    expect(inside).toEqual(["60", "small"]);
  });

  test("one that is cancelled while it waits lets those behind it in", async () => {
    const { enter, inside } = asking(createMemoryGate(100));
    await enter("60", 60);
    const cancel = new AbortController();
    const large = enter("large", 50, cancel.signal);
    const small = enter("small", 40);
    await turn();
    const why = new Error("the worker stops");
    cancel.abort(why);
    await expect(settled(large)).resolves.toEqual({ error: why });
    await small;
    expect(inside).toEqual(["60", "small"]);
    await expect(settled(enter("late", 1, cancel.signal))).resolves.toEqual({ error: why });
  });
});
