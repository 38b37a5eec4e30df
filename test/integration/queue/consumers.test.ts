import { setTimeout as sleep } from "node:timers/promises";
import { createServer } from "node:net";
import type { FauxqsServer } from "fauxqs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SourceError } from "../../../src/domain/errors.ts";
import type { HandleMessage, MessageHandlerOptions } from "../../../src/queue/handle-message.ts";
import { createMessageHandler } from "../../../src/queue/handle-message.ts";
import { createFailureStore } from "../../../src/state/failures.ts";
import { aTextStore } from "../../unit/queue/doubles.ts";
import { jobMessage, RULES } from "../../unit/queue/messages.ts";
import { aWorker, DEAD_LETTERS, eventually, QUEUE, startQueues, useEndpoint } from "./fixture.ts";

let server: FauxqsServer;
let queueUrl: string;
let worker: ReturnType<typeof aWorker>;

beforeEach(async () => {
  ({ server, queueUrl } = await startQueues());
  worker = aWorker(queueUrl);
});
afterEach(async () => {
  worker.end();
  await server.stop();
  vi.unstubAllEnvs();
});

const counts = (name = QUEUE) => {
  const { ready = [], inflight = [] } = server.inspectQueue(name)?.messages ?? {};
  return { ready: ready.length, inflight: inflight.length };
};
const handler = (options: Partial<MessageHandlerOptions> = {}): HandleMessage =>
  createMessageHandler({
    rules: RULES,
    runJob: async () => "published",
    queue: worker.queue,
    failures: createFailureStore(aTextStore().store),
    lease: { visibilitySeconds: 30, everySeconds: 0.2, marginSeconds: 5 },
    maxFailures: 3,
    logger: worker.logger,
    report: () => {},
    ...options,
  });

describe("the receive loops", () => {
  test("handle and delete what arrives, with its receive count and age", async () => {
    const seen: unknown[] = [];
    const handle = handler({ report: (event) => seen.push(event) });
    const consumers = worker.start({ handle });
    server.sendMessage(QUEUE, jobMessage());
    await eventually(() => seen.length === 3);
    await consumers.drain();
    const messageId = expect.any(String);
    expect(seen).toEqual([
      { kind: "leased", messageId, remainingSeconds: expect.any(Function) },
      { kind: "received", shape: "job", receiveCount: 1, ageSeconds: expect.any(Number) },
      { kind: "settled", messageId, outcome: "published" },
    ]);
    expect(counts()).toEqual({ ready: 0, inflight: 0 });
    expect(consumers.lastPollAt()).toBeGreaterThan(0);
  });

  test("keep a message hidden while its job runs, by extending it", async () => {
    const extended: string[] = [];
    const runJob: MessageHandlerOptions["runJob"] = async () => {
      await eventually(() => extended.length >= 2);
      return "published";
    };
    const handle = handler({ runJob, report: (event) => event.kind === "extended" && extended.push(event.result) });
    const consumers = worker.start({ handle });
    server.sendMessage(QUEUE, jobMessage());
    await eventually(() => extended.length >= 2);
    await consumers.drain();
    expect(new Set(extended)).toEqual(new Set(["ok"]));
    expect(counts()).toEqual({ ready: 0, inflight: 0 });
  });

  test("fault 26: a message taken away meanwhile aborts its job and is left alone", async () => {
    const outcomes: string[] = [];
    const runJob: MessageHandlerOptions["runJob"] = async (_job, { signal }) => {
      server.reset();
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("killed")));
      });
    };
    const consumers = worker.start({
      handle: handler({ runJob, report: (event) => event.kind === "settled" && outcomes.push(event.outcome) }),
    });
    server.sendMessage(QUEUE, jobMessage());
    await eventually(() => outcomes.length > 0);
    await consumers.drain();
    expect(outcomes).toEqual(["abandoned"]);
  });

  test("a rejected message is in the dead-letter queue with its code and reason, after one receive", async () => {
    const runJob: MessageHandlerOptions["runJob"] = async () =>
      Promise.reject(new SourceError("source_empty", `empty\n\u001B[2J${"x".repeat(500)}`));
    const consumers = worker.start({ handle: handler({ runJob }) });
    server.sendMessage(QUEUE, jobMessage());
    await eventually(() => counts(DEAD_LETTERS).ready === 1);
    await consumers.drain();
    const [copy] = server.inspectQueue(DEAD_LETTERS)?.messages.ready ?? [];
    expect(copy?.body).toBe(jobMessage());
    expect(copy?.messageAttributes).toMatchObject({
      code: { DataType: "String", StringValue: "source_empty" },
      reason: { DataType: "String", StringValue: expect.stringMatching(/^empty \[2Jx{247}$/) },
    });
    expect(counts()).toEqual({ ready: 0, inflight: 0 });
  });

  test("fault 44: receive nothing while the worker wants no more work", async () => {
    let room = false;
    const handle = vi.fn<HandleMessage>(async () => "published");
    const consumers = worker.start({ handle, slots: 2, mayReceive: () => room });
    server.sendMessage(QUEUE, "one");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(handle).not.toHaveBeenCalled();
    expect(counts()).toEqual({ ready: 1, inflight: 0 });
    expect(consumers.lastPollAt()).toBeGreaterThan(0);
    room = true;
    await eventually(() => handle.mock.calls.length === 1);
    room = false;
    await consumers.drain();
    expect(worker.lines.map(({ msg }) => msg)).toEqual(["receiving paused", "receiving again"]);
  });

  test("a short job does not wait for a long one", async () => {
    const done: string[] = [];
    const long = Promise.withResolvers<void>();
    const handle: HandleMessage = async ({ body, receiptHandle }) => {
      if (body === "long") await long.promise;
      done.push(body);
      await worker.queue.delete(receiptHandle);
      return "published";
    };
    const consumers = worker.start({ handle, slots: 2 });
    server.sendMessage(QUEUE, "long");
    server.sendMessage(QUEUE, "short");
    await eventually(() => done.length === 1);
    expect(done).toEqual(["short"]);
    await eventually(() => consumers.running() === 1);
    long.resolve();
    await consumers.drain();
    expect(done).toEqual(["short", "long"]);
  });
});

describe("the drain", () => {
  test("gives back at once what the open receive still brings, and starts no job", async () => {
    const handle = vi.fn<HandleMessage>(async () => "published");
    const consumers = worker.start({ handle, waitTimeSeconds: 20, slots: 2 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const drained = consumers.drain();
    server.sendMessage(QUEUE, "one");
    server.sendMessage(QUEUE, "two");
    const sentAt = performance.now();
    await drained;
    expect(performance.now() - sentAt).toBeLessThan(2000);
    expect(handle).not.toHaveBeenCalled();
    expect(counts()).toEqual({ ready: 2, inflight: 0 });
    expect(server.inspectQueue(QUEUE)?.messages.ready.map(({ approximateReceiveCount }) => approximateReceiveCount)).toEqual([1, 1]);
  });

  test("R-D2: leaves no message hidden or lost, whenever it arrives, two hundred times", async () => {
    const drainMs = 25;
    const round = async (index: number): Promise<void> => {
      const name = `late-${index}`;
      const again = aWorker(server.createQueue(name).queueUrl);
      let handled = 0;
      const handle: HandleMessage = async ({ receiptHandle }) => {
        handled += 1;
        await again.queue.delete(receiptHandle);
        return "published";
      };
      const consumers = again.start({ handle, slots: 2, waitTimeSeconds: 1 });
      const sent = sleep(index % (2 * drainMs)).then(() => server.sendMessage(name, "late"));
      await sleep(drainMs);
      await consumers.drain();
      await sent;
      again.end();
      expect({ ...counts(name), handled }).toEqual({ ready: 1 - handled, inflight: 0, handled });
    };
    for (let first = 0; first < 200; first += 25) await Promise.all(Array.from({ length: 25 }, (_, index) => round(first + index)));
  });

  test("waits for the job that runs, and can cancel it", async () => {
    const reasons: unknown[] = [];
    const runJob: MessageHandlerOptions["runJob"] = async (_job, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("killed")));
      });
    const consumers = worker.start({ handle: handler({ runJob, report: (event) => reasons.push(event), random: () => 0 }) });
    server.sendMessage(QUEUE, jobMessage());
    await eventually(() => consumers.running() === 1);
    const drained = consumers.drain();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(consumers.running()).toBe(1);
    consumers.cancel("second signal");
    await drained;
    expect(reasons.at(-1)).toEqual({ kind: "settled", messageId: expect.any(String), outcome: "released", code: "shutdown" });
    // Given back, not deleted; visible once a receive that was broken off cannot take it any more.
    expect(counts()).toEqual({ ready: 0, inflight: 1 });
  });

  test("resolves at once between two receives, and when asked again", async () => {
    const consumers = worker.start({ handle: async () => "published", waitTimeSeconds: 0 });
    await eventually(() => worker.events.filter(({ kind }) => kind === "poll").length > 3);
    await consumers.drain();
    await consumers.drain();
    expect(worker.events.at(-1)).toEqual({ kind: "state", state: "stopped" });
    expect(worker.lines).toEqual([]);
  });

  test("does not wait for the open receive after abortPolls", async () => {
    const consumers = worker.start({ handle: async () => "published", waitTimeSeconds: 20 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const drained = consumers.drain();
    const abortedAt = performance.now();
    consumers.abortPolls();
    await drained;
    expect(performance.now() - abortedAt).toBeLessThan(1000);
    expect(worker.lines).toEqual([]);
  });
});

describe("a queue that cannot be reached", () => {
  test("fault 33: is asked ever more seldom, and logged once", async () => {
    const dead = createServer();
    await new Promise<void>((resolve) => {
      dead.listen(0, "127.0.0.1", resolve);
    });
    const address = dead.address();
    const port = typeof address === "object" ? address?.port : undefined;
    await new Promise((resolve) => {
      dead.close(resolve);
    });
    useEndpoint(`http://127.0.0.1:${port}`);
    const cut = aWorker("http://127.0.0.1/000000000000/jobs");
    const startedMs = performance.now();
    const consumers = cut.start({ handle: async () => "published", slots: 4 });
    const polls = () => cut.events.filter((event) => event.kind === "poll");
    await vi.waitUntil(() => polls().length >= 6, { timeout: 60_000, interval: 10 });
    const seconds = (performance.now() - startedMs) / 1000;
    await consumers.drain();
    cut.end();
    // All four at once, then one at a time after at least half of 1 and 2 seconds.
    expect(seconds).toBeGreaterThan(1.4);
    expect(new Set(polls().map((event) => event.error))).toEqual(new Set(["network"]));
    expect(cut.lines).toHaveLength(1);
  });

  test("fault 34: that accepts and never answers is asked again after the socket timeout", async () => {
    let requests = 0;
    const hole = createServer((socket) => {
      socket.on("data", () => (requests += 1));
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => {
      hole.listen(0, "127.0.0.1", resolve);
    });
    const address = hole.address();
    useEndpoint(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
    const cut = aWorker("http://127.0.0.1/000000000000/jobs", { socketTimeoutMs: 500 });
    const consumers = cut.start({ handle: async () => "published" });
    await eventually(() => requests >= 2);
    await consumers.drain();
    cut.end();
    await new Promise((resolve) => {
      hole.close(resolve);
    });
    expect(cut.events).toContainEqual({ kind: "poll", error: "network" });
  });
});
