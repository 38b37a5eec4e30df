import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Consumers } from "../../../src/queue/consumers.ts";
import { startConsumers } from "../../../src/queue/consumers.ts";
import { judgeHealth } from "../../../src/telemetry/health.ts";
import { aLog, aQueue } from "./doubles.ts";

const POLL_WAIT_SECONDS = 20;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Four slots at a queue whose every receive ends as `answer` does. */
function slots(answer: () => Promise<never>) {
  const { logger, lines } = aLog();
  let requests = 0;
  const client = new SQSClient({ region: "us-east-1", useQueueUrlAsEndpoint: false });
  const refuse = async (): Promise<never> => {
    requests += 1;
    return answer();
  };
  // Before anything of the SDK's that waits for more than timers.
  client.middlewareStack.add(() => refuse, { step: "initialize", priority: "high" });
  const consumers = startConsumers({
    queueUrl: "http://127.0.0.1/000000000000/jobs",
    client,
    queue: aQueue().queue,
    slots: 4,
    visibilitySeconds: 300,
    waitTimeSeconds: POLL_WAIT_SECONDS,
    handle: async () => "published",
    logger,
  });
  return { consumers, lines, requests: () => requests };
}

const isHealthy = (consumers: Consumers, startedMs: number): boolean =>
  judgeHealth({
    nowMs: performance.now(),
    startedMs,
    lastPollMs: consumers.lastPollAt(),
    pollWaitSeconds: POLL_WAIT_SECONDS,
    lastJobEventsMs: [],
    draining: false,
  }).ok;

test("R-Q7: a minute of a queue that refuses connections costs at most 20 requests of four slots and 5 lines of log", async () => {
  const startedMs = performance.now();
  const { consumers, lines, requests } = slots(async () => {
    throw Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" });
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(requests()).toBeGreaterThan(4);
  expect(requests()).toBeLessThanOrEqual(20);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThanOrEqual(5);
  // Receives that fail have ended: the process gets on, whatever its queue does.
  expect(isHealthy(consumers, startedMs)).toBe(true);
  consumers.abortPolls();
});

test("R-O1, R-Q9: a receive that never ends makes the process unhealthy within 90 s, and not before three waits", async () => {
  const startedMs = performance.now();
  const { consumers } = slots(() => new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(59_000);
  expect(isHealthy(consumers, startedMs)).toBe(true);
  await vi.advanceTimersByTimeAsync(31_000);
  expect(isHealthy(consumers, startedMs)).toBe(false);
  consumers.abortPolls();
});
