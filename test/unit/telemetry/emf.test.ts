import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { OUTCOMES } from "../../../src/pipeline/ports.ts";
import { emfDocument, reportToCloudWatch } from "../../../src/telemetry/emf.ts";
import { EMF_METRICS, MESSAGE_AGE } from "../../../src/telemetry/emf-metrics.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";
import type { LogLevel } from "../../../src/config/config.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { readEmf } from "../../support/emf.ts";

const START = Date.parse("2026-11-28T10:00:00Z");
beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

const minutes = (count: number): Promise<unknown> => vi.advanceTimersByTimeAsync(count * 60_000);

function reporting({ level = "info", slots = 4 }: { level?: LogLevel; slots?: number } = {}) {
  const lines: string[] = [];
  const logger = createLogger({ level, pretty: false, destination: { write: (line) => lines.push(line) } });
  const metrics = createMetrics({ version: "1", build: "1+a", node: "v24", ffmpeg: "7", configHash: "0", slots });
  let failing = false;
  metrics.watch({
    diskFreeBytes: async () => {
      if (failing) throw new Error("ENOENT");
      return 5e9;
    },
  });
  metrics.queueDepths([{ queue: "jobs", visible: 12, hidden: 3 }]);
  const reports = reportToCloudWatch({ namespace: "ladderd/test", metrics, logger });
  const received = (ageSeconds: number): void => {
    metrics.messageReceived({ shape: "s3", receiveCount: 1, ageSeconds });
    reports.message({ kind: "received", shape: "s3", receiveCount: 1, ageSeconds });
  };
  return { lines, metrics, reports, received, fail: (on: boolean) => (failing = on) };
}

describe("reportToCloudWatch", () => {
  it("writes one line a minute that CloudWatch can read, with every metric it knows", async () => {
    const { lines, received } = reporting();
    await minutes(0.9);
    expect(lines).toEqual([]);
    received(7);
    await minutes(0.2);
    expect(lines).toHaveLength(1);
    const { namespace, atMs, units, values } = readEmf(lines[0] ?? "");
    expect({ namespace, atMs }).toEqual({ namespace: "ladderd/test", atMs: START + 60_000 });
    expect([...units]).toEqual([...EMF_METRICS, MESSAGE_AGE].map(({ name, unit }) => [name, unit]));
    expect([...values.keys()]).toEqual([...units.keys()]);
    await minutes(1);
    expect(lines).toHaveLength(2);
  });

  it("tells counts as what they grew by, so that CloudWatch's sums over workers and minutes are right", async () => {
    const { lines, metrics } = reporting();
    metrics.messageSettled("published");
    metrics.messageSettled("published");
    metrics.leaseLost();
    metrics.interrupted("spot");
    metrics.interrupted("rebalance");
    metrics.interrupted("asg");
    metrics.interrupted("signal");
    await minutes(1);
    metrics.messageSettled("published");
    metrics.deadLetterCopied();
    metrics.observeEvent({ kind: "verification-failed", jobId: "a", check: "duration" });
    await minutes(2);
    const [first, second, third] = lines.map((line) => readEmf(line).values);
    const names = ["SettledPublished", "LeasesLost", "Interruptions", "DeadLetterCopies", "VerificationFailures"];
    const told = (values: typeof first): readonly unknown[] => names.map((name) => values?.get(name));
    expect([told(first), told(second), told(third)]).toEqual([
      [2, 1, 2, 0, 0],
      [1, 0, 0, 1, 1],
      [0, 0, 0, 0, 0],
    ]);
  });

  it("tells gauges as they are", async () => {
    const { lines, metrics } = reporting({ slots: 4 });
    metrics.observeEvent({ kind: "stage-started", jobId: "a", stage: "fetch" });
    metrics.observeEvent({ kind: "stage-started", jobId: "b", stage: "encode" });
    metrics.observeEvent({ kind: "stage-started", jobId: "c", stage: "encode" });
    metrics.intakeHeld("destination_denied");
    await minutes(2);
    const wanted = { JobsInProgress: 3, Slots: 4, BusyShare: 75, Backlog: 12, DiskFree: 5e9, IntakeHeld: 1 };
    expect(Object.fromEntries(readEmf(lines[1] ?? "").values)).toMatchObject(wanted);
  });

  it("counts the time since the last publish, before the first one since the start", async () => {
    const { lines, metrics } = reporting();
    await minutes(1.5);
    metrics.observeEvent({ kind: "ended", jobId: "a", sourceKey: "k", outcome: "published", durationSeconds: 1 });
    await minutes(1.5);
    expect(lines.map((line) => readEmf(line).values.get("SecondsSincePublish"))).toEqual([60, 30, 90]);
  });

  it("tells the ages of the messages of that minute, of many the hundred oldest, and nothing when none came", async () => {
    const { lines, received } = reporting();
    received(3.2);
    received(12);
    await minutes(1);
    for (let age = 1; age <= 250; age += 1) received(age);
    await minutes(2);
    const [few, many, none] = lines.map((line) => readEmf(line).values.get("MessageAge"));
    expect(few).toEqual([12, 3]);
    expect(many).toEqual(Array.from({ length: 100 }, (_, index) => 250 - index));
    expect(none).toBeUndefined();
  });

  it("tells at the end what was counted since, without the gauges, and then no more", async () => {
    const { lines, metrics, reports } = reporting();
    await minutes(1);
    metrics.messageSettled("released");
    await reports[Symbol.asyncDispose]();
    await minutes(5);
    expect(lines).toHaveLength(2);
    const { values } = readEmf(lines[1] ?? "");
    expect(values.get("SettledReleased")).toBe(1);
    expect(values.has("Slots")).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is not hidden by the log level", async () => {
    const { lines } = reporting({ level: "error" });
    await minutes(1);
    expect(readEmf(lines[0] ?? "").values.get("Slots")).toBe(4);
  });

  it("warns of a minute that could not be read, and tells its counts in the next", async () => {
    const { lines, metrics, fail } = reporting();
    metrics.messageSettled("failed");
    fail(true);
    await minutes(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/"level":"warn".*not told/);
    fail(false);
    await minutes(1);
    expect(readEmf(lines[1] ?? "").values.get("SettledFailed")).toBe(1);
  });
});

describe("the metrics for CloudWatch", () => {
  it("have one for each way in which a message is settled", () => {
    const settled = EMF_METRICS.filter(({ name }) => name.startsWith("Settled")).map(({ name }) => name.toLowerCase());
    expect(settled).toEqual([...OUTCOMES, "noack"].map((outcome) => `settled${outcome}`));
  });

  it("read nothing but what the registry has", async () => {
    const { metrics } = reporting();
    const names = new Set((await metrics.readings()).map(({ name }) => name));
    const asked = new Set<string>();
    const sum = (name: string): number => {
      asked.add(name);
      return 1;
    };
    for (const { read } of EMF_METRICS) read({ sum, nowMs: START, startedMs: START });
    expect([...asked].filter((name) => !names.has(name))).toEqual([]);
    expect(asked.size).toBeGreaterThan(10);
  });

  it("cannot break the format unseen", () => {
    const line = JSON.stringify(emfDocument({ namespace: "n", nowMs: START, rows: [{ name: "A", unit: "Count", value: 1 }] }));
    expect(() => readEmf(line.replace('"A":1', '"B":1'))).toThrow("nvalid");
    expect(() => readEmf(line.replace('"Count"', '"Counts"'))).toThrow("nvalid");
  });
});
