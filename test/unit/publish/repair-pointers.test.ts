import { describe, expect, test } from "vitest";
import type { ObjectStore } from "../../../src/pipeline/ports.ts";
import { commit, repairPointers } from "../../../src/publish/commit.ts";
import { SECOND, attempt, expectPublished, storeWithCopies } from "../../helpers/commits.ts";
import type { MemoryStore } from "../../helpers/memory-store.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { settled } from "../../helpers/outcome.ts";
import { aRecord } from "../../helpers/records.ts";

const { signal } = new AbortController();

describe("repairPointers", () => {
  const withCopies = async (): Promise<MemoryStore> => storeWithCopies(aRecord());
  const context = { checkLease: () => undefined, messageId: "message", signal };

  test.each([0, 1, 2])("completes what a crash left after %d of two pointers", async (written) => {
    const store = await withCopies();
    let writes = 0;
    const crashing: ObjectStore = {
      ...store,
      writeText: async (object) => {
        writes += 1;
        if (writes > 1 + written) throw new Error("crash");
        return store.writeText(object);
      },
    };
    await settled(commit(attempt(crashing, aRecord()), signal));
    await repairPointers(store, aRecord(), context);
    expectPublished(store, aRecord());
  });

  test("writes nothing when all is well", async () => {
    const store = await withCopies();
    await commit(attempt(store, aRecord()), signal);
    const before = [...store.changes];
    await repairPointers(store, aRecord(), context);
    expect(store.changes).toStrictEqual(before);
  });

  test("leaves the pointers of a newer revision alone", async () => {
    const store = await withCopies();
    await commit(attempt(store, SECOND), signal);
    await repairPointers(store, aRecord(), context);
    expectPublished(store, SECOND);
  });

  test("says so when a revision has lost its copies", async () => {
    await expect(repairPointers(memoryStore(), aRecord(), context)).rejects.toMatchObject({ code: "storage_throttled" });
  });
});
