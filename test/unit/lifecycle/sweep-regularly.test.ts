import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sweepRegularly } from "../../../src/lifecycle/sweep-regularly.ts";
import type { SweepReport } from "../../../src/publish/sweep.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const REPORT: SweepReport = { revisions: [], objects: 3, uploads: 0, claims: 0, unreadable: [] };
const hours = (count: number): Promise<unknown> => vi.advanceTimersByTimeAsync(count * 3_600_000);

function sweeping(answer: (signal: AbortSignal) => Promise<SweepReport> = async () => REPORT) {
  const sweep = vi.fn<typeof answer>(answer);
  const logged: string[] = [];
  const logger = createLogger({ level: "info", pretty: false, destination: { write: (line) => logged.push(line) } });
  const sweeper = sweepRegularly({ everyHours: 6, sweep, logger, random: () => 0.5 });
  return { sweep, logged, sweeper };
}

describe("a worker that collects garbage", () => {
  test("sweeps first after a random part of its time, so that a fleet does not sweep at once, and then regularly", async () => {
    const { sweep, sweeper, logged } = sweeping();
    await hours(2.9);
    expect(sweep).not.toHaveBeenCalled();
    await hours(0.2);
    expect(sweep).toHaveBeenCalledTimes(1);
    expect(logged.join("")).toMatch(/"objects":3.*garbage collected/);
    await hours(5.8);
    expect(sweep).toHaveBeenCalledTimes(1);
    await hours(0.2);
    expect(sweep).toHaveBeenCalledTimes(2);
    await sweeper[Symbol.asyncDispose]();
    await hours(48);
    expect(sweep).toHaveBeenCalledTimes(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("logs a sweep that fails and sweeps again in its time", async () => {
    const { sweep, sweeper, logged } = sweeping(async () => {
      throw new Error("AccessDenied");
    });
    await hours(9.1);
    expect(sweep).toHaveBeenCalledTimes(2);
    expect(logged.filter((line) => line.includes("garbage not collected"))).toHaveLength(2);
    await sweeper[Symbol.asyncDispose]();
  });

  test("names assets that it could not judge", async () => {
    const { sweeper, logged } = sweeping(async () => ({ ...REPORT, unreadable: ["films/a"] }));
    await hours(4);
    expect(logged.join("")).toContain("films/a");
    await sweeper[Symbol.asyncDispose]();
  });

  test("breaks off the sweep that runs when it stops, without a word, and waits for its end", async () => {
    let isOver = false;
    const { sweeper, logged } = sweeping(
      (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            isOver = true;
            reject(new Error("aborted"));
          });
        }),
    );
    await hours(4);
    await sweeper[Symbol.asyncDispose]();
    expect({ isOver, logged }).toStrictEqual({ isOver: true, logged: [] });
    expect(vi.getTimerCount()).toBe(0);
  });
});
