import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { RunJob } from "../../../src/queue/run-entries.ts";
import { aMessage } from "./doubles.ts";
import { aRecord, s3Message } from "./messages.ts";
import { aHandler, keyOf } from "./settle.ts";

const HOUR_MS = 3_600_000;
const body = s3Message(aRecord({ key: "first.mp4" }), aRecord({ key: "second.mp4" }), aRecord({ key: "third.mp4" }));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Jobs that take so many hours each, or as long as they may. */
const taking = (hours: Readonly<Record<string, number>>): RunJob & { begun: string[] } => {
  const begun: string[] = [];
  const runJob: RunJob = (job, { signal }) =>
    new Promise((resolve, reject) => {
      begun.push(keyOf(job));
      setTimeout(() => resolve("published"), (hours[keyOf(job)] ?? 0) * HOUR_MS);
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  return Object.assign(runJob, { begun });
};

async function settledBy(runJob: RunJob, receiveCount = 1) {
  const handler = aHandler({ runJob });
  const settled = handler.handle(aMessage({ body, receiveCount }), new AbortController().signal);
  await vi.advanceTimersByTimeAsync(12 * HOUR_MS);
  return { ...handler, outcome: await settled, settlement: handler.calls.filter((call) => !call.startsWith("extend")) };
}

describe("R-Q6: the eleven hours of a message with several records", () => {
  test("reject none that had only the rest of them: it comes back, and none is recorded", async () => {
    const runJob = taking({ "first.mp4": 9, "second.mp4": 9 });
    const { outcome, settlement, texts } = await settledBy(runJob);
    expect(runJob.begun).toEqual(["first.mp4", "second.mp4"]);
    expect({ outcome, settlement, records: texts.size }).toEqual({ outcome: "released", settlement: ["release 25"], records: 0 });
  });

  test("reject the one that had them all, and not those that never began", async () => {
    const { outcome, settlement, texts } = await settledBy(taking({ "first.mp4": 0.5, "second.mp4": 20 }));
    expect({ outcome, settlement }).toEqual({ outcome: "released", settlement: ["release 25"] });
    const records = [...texts.values()].map(({ text }) => text);
    expect(records).toEqual([expect.stringContaining("the job ran for 11 hours")]);
  });

  test("come to each of them, however long another takes", async () => {
    const begun: unknown[] = [];
    for (const receiveCount of [1, 2, 3]) {
      const runJob = taking({ "second.mp4": 20 });
      const { outcome } = await settledBy(runJob, receiveCount);
      begun.push([...runJob.begun, outcome]);
    }
    expect(begun).toEqual([
      ["first.mp4", "second.mp4", "released"],
      ["second.mp4", "released"],
      ["third.mp4", "first.mp4", "second.mp4", "rejected"],
    ]);
  });
});
