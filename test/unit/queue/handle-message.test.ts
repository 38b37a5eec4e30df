import { describe, expect, test, vi } from "vitest";
import {
  EngineError,
  InvalidJobError,
  LeaseLostError,
  OutputError,
  ShutdownError,
  SourceError,
  StorageError,
} from "../../../src/domain/errors.ts";
import type { MessageEvent, MessageHandlerOptions } from "../../../src/queue/handle-message.ts";
import type { RunJob } from "../../../src/queue/run-entries.ts";
import { aLog, aMessage } from "./doubles.ts";
import { aRecord, jobMessage, s3Message } from "./messages.ts";
import { aHandler, failing, keyOf, published, settle } from "./settle.ts";

describe("the settlement of a message", () => {
  test.each(["published", "duplicate", "stale"] as const)("a job that ended %s is deleted, and nothing else", async (ended) => {
    const { outcome, calls, texts } = await settle({ runJob: async () => ended });
    expect(outcome).toBe(ended);
    expect(calls).toEqual(["delete"]);
    expect(texts.size).toBe(0);
  });

  test("an event that is none of our business is deleted without a job", async () => {
    const runJob = vi.fn<RunJob>(published);
    const { outcome, calls } = await settle({ runJob, message: { body: s3Message() } });
    expect(outcome).toBe("ignored");
    expect(calls).toEqual(["delete"]);
    expect(runJob).not.toHaveBeenCalled();
  });

  test("a malformed message is recorded, copied to the dead-letter queue and deleted at its first receive", async () => {
    const { outcome, calls, texts } = await settle({ message: { body: "{" } });
    expect(outcome).toBe("rejected");
    expect(calls).toEqual(["quarantine job_malformed", "delete"]);
    expect([...texts.keys()]).toEqual(["failures/5fea7756-0ea4-451a-a703-a558b933e274.json"]);
  });

  test("a source that cannot be transcoded is rejected under its job's id, and the notification told", async () => {
    const notify = vi.fn<NonNullable<MessageHandlerOptions["notify"]>>(async () => {});
    const { calls, quarantined, texts } = await settle({ runJob: failing(new SourceError("source_empty", "empty")), notify });
    expect(calls).toEqual(["quarantine source_empty", "delete"]);
    expect(quarantined).toEqual([
      { body: jobMessage(), code: "source_empty", reason: "empty", fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/) },
    ]);
    expect([...texts.keys()][0]).toMatch(/^failures\/[0-9a-f]{32}\.json$/);
    expect(notify).toHaveBeenCalledWith(expect.objectContaining({ code: "source_empty", failures: 1 }));
  });

  test("a notification that fails changes nothing", async () => {
    const { outcome, calls } = await settle({ message: { body: "" }, notify: failing(new Error("SNS")) });
    expect(outcome).toBe("rejected");
    expect(calls.at(-1)).toBe("delete");
  });

  test("fault 38: a passing failure is tried again later, without a record", async () => {
    const { outcome, calls, texts } = await settle({ runJob: failing(new StorageError("503")) });
    expect(outcome).toBe("failed");
    expect(calls).toEqual(["release 45"]);
    expect(texts.size).toBe(0);
  });

  test("fault 51: a job that failed by itself three times is rejected, releases in between not counted", async () => {
    const { handle, calls } = aHandler({ runJob: failing(new OutputError("output_incomplete", "short")) });
    const { signal } = new AbortController();
    for (const receiveCount of [1, 5, 9]) await handle(aMessage({ body: jobMessage(), receiveCount }), signal);
    expect(calls).toEqual(["release 90", "release 675", "quarantine output_incomplete", "delete"]);
  });

  test("a defect of ours counts against the job, an engine that is away does not", async () => {
    const { signal } = new AbortController();
    const outcomes = async (error: Error) => {
      const { handle } = aHandler({ runJob: failing(error), maxFailures: 1 });
      return handle(aMessage({ body: jobMessage() }), signal);
    };
    expect(await outcomes(new TypeError("bug"))).toBe("rejected");
    expect(await outcomes(new EngineError("engine_unavailable", "away"))).toBe("failed");
  });

  test("a rejection that cannot be recorded is tried again, and not deleted", async () => {
    const failures = { record: async () => Promise.reject(new StorageError("503")) };
    const { outcome, calls } = await settle({ message: { body: "{" }, failures });
    expect(outcome).toBe("failed");
    expect(calls).toEqual(["release 45"]);
  });

  test("a rejection that the dead-letter queue does not take is tried again, and not deleted", async () => {
    const { outcome, calls } = await settle({ message: { body: "{" }, queue: { quarantine: failing(new Error("denied")) } });
    expect(outcome).toBe("failed");
    expect(calls).toEqual(["release 90"]);
  });

  test("fault 35: a message that SQS does not delete counts as done and may repeat", async () => {
    const { outcome, lines } = await settle({ queue: { delete: async () => Promise.reject(new Error("500")) } });
    expect(outcome).toBe("published");
    expect(lines.at(-1)).toMatchObject({ level: "warn", action: "delete" });
  });
});

describe("a message with several records", () => {
  const body = s3Message(aRecord({ key: "good.mp4" }), aRecord({ key: "%zz" }), aRecord({ key: "late.mp4" }));

  test("runs the good ones, rejects the bad one, and is deleted", async () => {
    const keys: string[] = [];
    const runJob: RunJob = async (job) => {
      keys.push(keyOf(job));
      return "published";
    };
    const { outcome, calls, texts } = await settle({ message: { body }, runJob });
    expect(keys).toEqual(["good.mp4", "late.mp4"]);
    expect(outcome).toBe("rejected");
    expect(calls).toEqual(["quarantine job_malformed", "delete"]);
    expect([...texts.keys()]).toEqual(["failures/5fea7756-0ea4-451a-a703-a558b933e274-2.json"]);
  });

  test("stays while one of them is to be tried again, and is copied to the dead-letter queue only at its end", async () => {
    const runJob: RunJob = async (job) => {
      if (keyOf(job) === "late.mp4") throw new StorageError("503");
      return "duplicate";
    };
    const { outcome, calls } = await settle({ message: { body }, runJob });
    expect(outcome).toBe("failed");
    expect(calls).toEqual(["release 45"]);
  });
});

describe("the lease of a message", () => {
  test("fault 25: lost while its job runs: nothing is written, deleted or released", async () => {
    vi.useFakeTimers();
    try {
      const runJob: RunJob = async (_job, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new EngineError("engine_failed", "killed")));
        });
      const settled = settle({ runJob, queue: { extend: async () => Promise.reject(new LeaseLostError("gone")) } });
      await vi.advanceTimersByTimeAsync(60_000);
      const { outcome, calls, texts, events } = await settled;
      expect(outcome).toBe("abandoned");
      expect(calls).toEqual([]);
      expect(texts.size).toBe(0);
      expect(events).toContainEqual({ kind: "extended", result: "lost" });
    } finally {
      vi.useRealTimers();
    }
  });

  test("fault 28: handed out to a process that stood still then: not begun, not deleted", async () => {
    const runJob = vi.fn<RunJob>(published);
    const { outcome, calls } = await settle({ runJob, message: { handedOutAtMs: performance.now() - 600_000 } });
    expect(outcome).toBe("abandoned");
    expect(runJob).not.toHaveBeenCalled();
    expect(calls).toEqual([]);
  });

  test("fault 28: lost by the clock while its job ended well: not deleted either", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      const runJob: RunJob = async (_job, { checkLease }) => {
        vi.advanceTimersByTime(600_000);
        expect(checkLease).toThrow(LeaseLostError);
        return "published";
      };
      const { outcome, calls } = await settle({ runJob });
      expect(outcome).toBe("abandoned");
      expect(calls).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("lost by the clock while a stop was awaited: not released, for it may be somebody else's", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      const shutdown = new AbortController();
      const runJob: RunJob = async (_job, { signal }) => {
        shutdown.abort(new ShutdownError("stopping"));
        vi.advanceTimersByTime(600_000);
        throw signal.reason;
      };
      const { outcome, calls } = await settle({ runJob, signal: shutdown.signal });
      expect(outcome).toBe("abandoned");
      expect(calls).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("a cancelled job is released, whatever it threw, and none starts after", async () => {
    const shutdown = new AbortController();
    const keys: string[] = [];
    const runJob: RunJob = async (job) => {
      keys.push(keyOf(job));
      shutdown.abort(new ShutdownError("stopping"));
      throw new EngineError("engine_failed", "killed");
    };
    const body = s3Message(aRecord({ key: "a" }), aRecord({ key: "b" }));
    const { outcome, calls, lines } = await settle({ runJob, signal: shutdown.signal, message: { body } });
    expect(outcome).toBe("released");
    expect(keys).toEqual(["a"]);
    expect(calls).toEqual(["release 25"]);
    expect(lines.at(-1)).toMatchObject({ level: "info", code: "shutdown" });
  });

  test("a message that arrives cancelled starts nothing", async () => {
    const runJob = vi.fn<RunJob>(published);
    const { outcome } = await settle({ runJob, signal: AbortSignal.abort(new ShutdownError("stopping")) });
    expect(outcome).toBe("released");
    expect(runJob).not.toHaveBeenCalled();
  });
});

describe("what the handler tells", () => {
  test("the metrics: the shape, the receives, the age, and the outcome once", async () => {
    const { events } = await settle({ message: { receiveCount: 4, sentAtMs: Date.now() - 5000 } });
    expect(events).toEqual([
      { kind: "leased", messageId: expect.any(String), remainingSeconds: expect.any(Function) },
      { kind: "received", shape: "job", receiveCount: 4, ageSeconds: expect.closeTo(5, 0) },
      { kind: "settled", messageId: expect.any(String), outcome: "published" },
    ]);
  });

  test.each([
    ["error", new StorageError("503")],
    ["error", new TypeError("bug")],
    ["warn", new SourceError("source_empty", "x")],
    ["warn", new InvalidJobError("job_unknown_ladder", "x")],
    ["info", new ShutdownError("x")],
  ])("the log: one line, %s for %s", async (level, error) => {
    const { lines } = await settle({ runJob: failing(error) });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level, messageId: aMessage().messageId, attempt: 1, jobIds: [expect.any(String)] });
  });

  test("R-O3: the log names the message, its receive and its trace in every line, and how long it was held in the last", async () => {
    const traceHeader = `Root=1-5759e988-bd862e3fe1be46a994272793;${"x".repeat(1000)}`;
    const { logger, lines } = aLog("debug");
    await settle({ logger, message: { receiveCount: 3, traceHeader, handedOutAtMs: performance.now() - 2000 } });
    const { messageId } = aMessage();
    for (const line of lines) expect(line).toMatchObject({ messageId, attempt: 3, trace: traceHeader.slice(0, 256) });
    expect(lines.at(-1)).toMatchObject({ level: "debug", action: "delete", seconds: expect.closeTo(2, 0) });
  });

  test("a defect in the settlement itself is no acknowledgement", async () => {
    const report = (event: MessageEvent): void => {
      if (event.kind === "received") throw new TypeError("bug");
    };
    const { outcome, calls, lines } = await settle({ report });
    expect(outcome).toBe("no_ack");
    expect(calls).toEqual([]);
    expect(lines.at(-1)).toMatchObject({ level: "error" });
  });
});
