import { describe, expect, test, vi } from "vitest";
import { ClaimHeldError, EngineError, ShutdownError } from "../../../src/domain/errors.ts";
import { createEventHandler } from "../../../src/queue/handle-event.ts";
import type { QueueMessage } from "../../../src/queue/queue.ts";
import { aLog, aMessage, aQueue } from "./doubles.ts";

const lease = { visibilitySeconds: 300, everySeconds: 100, marginSeconds: 20 };

/** Hands the message to a handler whose events end so; what was asked of the queue, what the handler says, and the log. */
async function handled(take: () => Promise<string>, message: Partial<QueueMessage> = {}) {
  const { queue, calls } = aQueue();
  const { logger, lines } = aLog();
  const handle = createEventHandler({ queue, take, lease, logger });
  const outcome = await handle(aMessage(message), new AbortController().signal);
  return { outcome, calls, lines };
}

describe("an event of an engine", () => {
  test.each(["published", "duplicate", "stale", "moved-on", "lost"])("that led to %s is deleted, and told in one line", async (what) => {
    const { calls, lines } = await handled(async () => what);
    expect(calls).toEqual(["delete"]);
    expect(lines).toMatchObject([{ level: "info", outcome: what }]);
  });

  test.each(["waiting", "ignored"])("that only moved a state on (%s) is deleted without a word", async (what) => {
    const { calls, lines } = await handled(async () => what);
    expect(calls).toEqual(["delete"]);
    expect(lines).toEqual([]);
  });

  test("of a job whose record is not written yet comes again, for a minute and a half: by then it is of one that is settled", async () => {
    const early = async (): Promise<string> => "early";
    expect((await handled(early)).calls).toEqual(["release 30"]);
    expect((await handled(early, { receiveCount: 2 })).calls).toEqual(["release 30"]);
    expect((await handled(early, { receiveCount: 3 })).calls).toEqual(["delete"]);
  });

  test("of a job that somebody else finishes comes again without a warning", async () => {
    const { outcome, calls, lines } = await handled(async () => {
      throw new ClaimHeldError("held");
    });
    expect({ outcome, calls, lines }).toEqual({ outcome: "released", calls: ["release 30"], lines: [] });
  });

  test("that could not be taken comes again with a warning, and is left to the sweep in the end", async () => {
    const fail = async (): Promise<string> => {
      throw new EngineError("engine_unavailable", "no answer");
    };
    const { outcome, calls, lines } = await handled(fail);
    expect({ outcome, calls }).toEqual({ outcome: "failed", calls: ["release 30"] });
    expect(lines).toMatchObject([{ level: "warn", messageId: aMessage().messageId }]);
    expect((await handled(fail, { receiveCount: 10 })).calls).toEqual(["delete"]);
  });

  test("whose lease ended while it was taken is somebody else's by now, and left alone", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      const { outcome, calls } = await handled(async () => {
        vi.advanceTimersByTime(600_000);
        throw new EngineError("engine_unavailable", "no answer");
      });
      expect({ outcome, calls }).toEqual({ outcome: "abandoned", calls: [] });
    } finally {
      vi.useRealTimers();
    }
  });

  test("is given back after the extension that is under way, which would hide it for the whole lease", async () => {
    vi.useFakeTimers();
    try {
      const [extension, end] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
      const { queue, calls } = aQueue({ extend: async () => extension.promise.then(() => void calls.push("extended")) });
      const handle = createEventHandler({ queue, take: () => end.promise, lease, logger: aLog().logger });
      const settled = handle(aMessage(), new AbortController().signal);
      await vi.advanceTimersByTimeAsync(100_000);
      end.resolve("early");
      await vi.advanceTimersByTimeAsync(1000);
      extension.resolve();
      await settled;
      expect(calls).toEqual(["extended", "release 30"]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("that the queue did not confirm the end of is told, and comes back by its visibility", async () => {
    const { queue } = aQueue({ delete: async () => Promise.reject(new Error("500")) });
    const { logger, lines } = aLog();
    const handle = createEventHandler({ queue, take: async () => "published", lease, logger });
    expect(await handle(aMessage(), new AbortController().signal)).toBe("ignored");
    expect(lines.at(-1)).toMatchObject({ level: "warn", action: "delete" });
  });

  test("that a stop cut off is given back", async () => {
    const { outcome, calls } = await handled(async () => {
      throw new ShutdownError("the worker stops");
    });
    expect({ outcome, calls }).toEqual({ outcome: "released", calls: ["release 30"] });
  });
});
