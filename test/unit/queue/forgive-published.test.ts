import { describe, expect, test, vi } from "vitest";
import { OutputError, StorageError } from "../../../src/domain/errors.ts";
import { forgivePublished } from "../../../src/queue/forgive-published.ts";
import type { RunJob } from "../../../src/queue/run-entries.ts";
import { createFailureStore } from "../../../src/state/failures.ts";
import type { Forgive } from "../../../src/state/forgive.ts";
import { forgiver } from "../../../src/state/forgive.ts";
import { aMessage, aTextStore } from "./doubles.ts";
import { jobMessage } from "./messages.ts";
import { aHandler } from "./settle.ts";

const { signal } = new AbortController();

/** A handler whose jobs fail or not as they are told. */
function aWorker(options: { failForgiving?: true } = {}) {
  const { store } = aTextStore();
  let isFailing = true;
  const runJob: RunJob = async () => {
    if (isFailing) throw new OutputError("output_incomplete", "short");
    return "published";
  };
  const forgive = vi.fn<Forgive>(options.failForgiving ? async () => Promise.reject(new StorageError("503")) : forgiver(store));
  const { handle } = aHandler({ failures: createFailureStore(store), runJob: forgivePublished(runJob, forgive) });
  const receive = (receiveCount: number) => handle(aMessage({ body: jobMessage(), receiveCount }), signal);
  return { receive, forgive, heal: () => (isFailing = false), harm: () => (isFailing = true) };
}

describe("a job that is published after failures", () => {
  test("has all its attempts again when it is sent again", async () => {
    const { receive, heal, harm } = aWorker();
    expect([await receive(1), await receive(2)]).toEqual(["failed", "failed"]);
    heal();
    expect(await receive(3)).toBe("published");
    harm();
    expect([await receive(1), await receive(2), await receive(3)]).toEqual(["failed", "failed", "rejected"]);
  });

  test("is published though nobody can forgive it", async () => {
    const { receive, heal } = aWorker({ failForgiving: true });
    heal();
    expect(await receive(2)).toBe("published");
  });

  test("is not asked about at a first receive", async () => {
    const { receive, heal, forgive } = aWorker();
    heal();
    expect(await receive(1)).toBe("published");
    expect(forgive).not.toHaveBeenCalled();
  });
});
