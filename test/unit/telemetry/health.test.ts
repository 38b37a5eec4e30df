import { describe, expect, it } from "vitest";

import type { HealthFacts, ReadinessFacts } from "../../../src/telemetry/health.ts";
import { judgeHealth, judgeReadiness } from "../../../src/telemetry/health.ts";

const facts = (change: Partial<HealthFacts>): HealthFacts => ({
  nowMs: 10_000_000,
  startedMs: 0,
  lastPollMs: 9_990_000,
  pollWaitSeconds: 20,
  lastJobEventsMs: [],
  draining: false,
  ...change,
});

const ready = (change: Partial<ReadinessFacts>): ReadinessFacts => ({
  started: true,
  draining: false,
  freeBytes: 100,
  minimumFreeBytes: 100,
  ...change,
});

describe("judgeHealth", () => {
  it.each<[string, Partial<HealthFacts>, boolean]>([
    ["a receive just ended", {}, true],
    ["the last receive ended three waits ago", { lastPollMs: 9_940_000 }, true],
    ["no receive has ended for longer", { lastPollMs: 9_939_000 }, false],
    ["no receive has ended since a start long ago", { lastPollMs: undefined }, false],
    ["the process has just started", { lastPollMs: undefined, startedMs: 9_980_000 }, true],
    ["a job runs and the loop waits for it", { lastPollMs: 0, lastJobEventsMs: [9_999_000] }, true],
    ["a drain receives nothing", { lastPollMs: 0, draining: true }, true],
    ["a job has been silent for over an hour", { lastJobEventsMs: [6_000_000] }, false],
    ["one of two jobs has been silent for over an hour", { lastJobEventsMs: [9_999_000, 6_000_000] }, false],
  ])("when %s", (_, change, ok) => {
    const report = judgeHealth(facts(change));
    expect(report.ok).toBe(ok);
    expect(report.reasons.length > 0).toBe(!ok);
  });
});

describe("judgeReadiness", () => {
  it.each<[string, Partial<ReadinessFacts>, readonly string[]]>([
    ["everything is there", {}, []],
    ["it has not started", { started: false }, ["starting"]],
    ["it drains", { draining: true }, ["draining"]],
    ["the work folder is full", { freeBytes: 99 }, ["the work folder has 99 bytes free, below 100"]],
    ["it starts and the disk is full", { started: false, freeBytes: 0 }, ["starting", "the work folder has 0 bytes free, below 100"]],
  ])("when %s", (_, change, reasons) => {
    expect(judgeReadiness(ready(change))).toEqual({ ok: reasons.length === 0, reasons });
  });
});
