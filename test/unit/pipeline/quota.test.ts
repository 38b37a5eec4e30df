import { rm, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { ShutdownError } from "../../../src/domain/errors.ts";
import { growthAllowed, withinQuota } from "../../../src/pipeline/quota.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const { signal } = new AbortController();
const MIB = 1024 * 1024;

/** Work that goes on until it is ended, and fails of that as a program does. */
const untilEnded = (within: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    within.addEventListener("abort", () => reject(new Error("the program was killed")), { once: true });
  });

describe("withinQuota", () => {
  test("R-X4: ends work whose folder outgrows its share, as the source's fault", async () => {
    await using folder = await temporaryFolder();
    const work = withinQuota({ folder: folder.path, growthBytes: MIB, everyMs: 5 }, signal, async (within) => {
      await writeFile(folder.in("large"), Buffer.alloc(2 * MIB, 1));
      return untilEnded(within);
    });
    await expect(work).rejects.toMatchObject({ code: "resource_limit", fault: "source", disposition: "reject" });
  });

  test("counts what is made, not what lay there before", async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.in("source"), Buffer.alloc(4 * MIB, 1));
    const ended = await withinQuota({ folder: folder.path, growthBytes: 2 * MIB, everyMs: 2 }, signal, async (within) => {
      await writeFile(folder.in("made"), Buffer.alloc(MIB, 1));
      await new Promise((resolve) => setTimeout(resolve, 100));
      return within.aborted;
    });
    expect(ended).toBe(false);
  });

  test("passes the job's own reason and the work's own error through", async () => {
    await using folder = await temporaryFolder();
    const quota = { folder: folder.path, growthBytes: MIB, everyMs: 5 };
    const stopping = new AbortController();
    const stopped = withinQuota(quota, stopping.signal, (within) => {
      queueMicrotask(() => stopping.abort(new ShutdownError("the worker stops")));
      return untilEnded(within);
    });
    await expect(stopped).rejects.toBeInstanceOf(ShutdownError);
    await expect(withinQuota(quota, signal, () => Promise.reject(new Error("of its own")))).rejects.toThrow("of its own");
  });

  test("leaves a folder that is gone to the work", async () => {
    await using folder = await temporaryFolder();
    const done = await withinQuota({ folder: folder.in("job"), growthBytes: 0, everyMs: 2 }, signal, async () => {
      await rm(folder.in("job"), { recursive: true, force: true });
      await new Promise((resolve) => setTimeout(resolve, 30));
      return "done";
    });
    expect(done).toBe("done");
  });
});

test("a job may take twice what was found to be enough, and a copy of its source", () => {
  expect(growthAllowed(100, 7)).toBe(207 + 256 * MIB);
});
