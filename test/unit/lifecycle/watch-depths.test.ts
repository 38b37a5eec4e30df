import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Depth, QueueDepth } from "../../../src/lifecycle/watch-depths.ts";
import { watchDepths } from "../../../src/lifecycle/watch-depths.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const minutes = (count: number): Promise<unknown> => vi.advanceTimersByTimeAsync(count * 60_000);

function watching(read: (url: string) => Promise<Depth>, deadLetters: string | null = "dlq") {
  const told: (readonly QueueDepth[])[] = [];
  const logged: string[] = [];
  const logger = createLogger({ level: "info", pretty: false, destination: { write: (line) => logged.push(line) } });
  const queues = { jobs: "jobs", dead_letters: deadLetters ?? undefined };
  return { told, logged, watch: watchDepths({ queues, read, onDepths: (depths) => told.push(depths), logger, random: () => 0.5 }) };
}

describe("watchDepths", () => {
  test("counts both queues once a minute until it is disposed of", async () => {
    const { told, watch } = watching(async (url) => ({ visible: url === "dlq" ? 1 : 7, hidden: 0 }));
    await minutes(2.6);
    expect(told).toHaveLength(3);
    expect(told[0]).toEqual([
      { queue: "jobs", visible: 7, hidden: 0 },
      { queue: "dead_letters", visible: 1, hidden: 0 },
    ]);
    await watch[Symbol.asyncDispose]();
    await minutes(3);
    expect(told).toHaveLength(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("asks for no dead-letter queue where there is none", async () => {
    const asked: string[] = [];
    const { told, watch } = watching(async (url) => {
      asked.push(url);
      return { visible: 0, hidden: 0 };
    }, null);
    await minutes(0.6);
    expect({ asked, told }).toEqual({ asked: ["jobs"], told: [[{ queue: "jobs", visible: 0, hidden: 0 }]] });
    await watch[Symbol.asyncDispose]();
  });

  test("counts one queue when the other denies, and says so once each time that begins and ends", async () => {
    let denied = true;
    const { told, logged, watch } = watching(async (url) => {
      if (url === "dlq" && denied) throw new Error("AccessDenied");
      return { visible: 2, hidden: 1 };
    });
    await minutes(2.6);
    expect(told.flat()).toEqual(Array.from({ length: 3 }, () => ({ queue: "jobs", visible: 2, hidden: 1 })));
    denied = false;
    await minutes(1);
    expect(told.at(-1)).toHaveLength(2);
    expect(logged.map((line) => /"level":"(\w+)".*"queue":"(\w+)"/.exec(line)?.slice(1))).toEqual([
      ["warn", "dead_letters"],
      ["info", "dead_letters"],
    ]);
    await watch[Symbol.asyncDispose]();
  });

  test("breaks off the count that runs when it is disposed of, without a word", async () => {
    const logged: string[] = [];
    const logger = createLogger({ level: "info", pretty: false, destination: { write: (line) => logged.push(line) } });
    const hanging = (_: string, signal: AbortSignal): Promise<Depth> =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    const onDepths = vi.fn<(depths: readonly QueueDepth[]) => void>();
    const watch = watchDepths({ queues: { jobs: "jobs", dead_letters: undefined }, read: hanging, onDepths, logger, random: () => 0 });
    await minutes(0.1);
    await watch[Symbol.asyncDispose]();
    expect({ logged, calls: onDepths.mock.calls.length }).toEqual({ logged: [], calls: 0 });
  });
});
