import { describe, expect, test } from "vitest";
import { ClaimHeldError, EngineError, ResourceError, ShutdownError, StorageError } from "../../../src/domain/errors.ts";
import type { Queue } from "../../../src/queue/queue.ts";
import { failing, settle } from "./settle.ts";

describe("the last receives of a message, of ten", () => {
  const settleAt = (receiveCount: number, error: Error, queue: Partial<Queue> = {}) =>
    settle({ runJob: failing(error), message: { receiveCount }, queue });

  test.each([new ResourceError("disk_full", "no room"), new StorageError("503"), new EngineError("engine_unavailable", "away")])(
    "I3: what still fails is given up by our own record before the queue moves it: $code",
    async (error) => {
      expect((await settleAt(8, error)).calls).toEqual([expect.stringMatching(/^release \d+$/)]);
      const { outcome, calls, texts } = await settleAt(9, error);
      expect(outcome).toBe("rejected");
      expect(calls).toEqual([`quarantine ${error.code}`, "delete"]);
      expect([...texts.values()][0]?.text).toContain(error.code);
    },
  );

  test("a stop is no failure", async () => {
    const { calls, texts } = await settleAt(10, new ShutdownError("stopping"));
    expect(calls).toEqual(["release 25"]);
    expect(texts.size).toBe(0);
  });

  test("what another attempt works on comes back when that one has ended, and is given up at the very last", async () => {
    const held = new ClaimHeldError("held");
    expect((await settleAt(9, held)).calls).toEqual(["release 39600"]);
    expect((await settleAt(10, held)).calls).toEqual(["quarantine job_claimed", "delete"]);
  });

  test.each([
    ["moves nothing by itself", async () => ({ visibilitySeconds: 300, approximateMessages: 0 })],
    ["does not say what it is", failing(new Error("denied"))],
  ])("nothing is given up at a queue that %s", async (_what, facts) => {
    expect((await settleAt(50, new ResourceError("disk_full", "no room"), { facts })).calls).toEqual(["release 675"]);
  });
});
