import { describe, expect, test } from "vitest";
import type { ObjectStore } from "../../../src/pipeline/ports.ts";
import type { AssetRecord } from "../../../src/publish/asset-record.ts";
import { commit, repairPointers } from "../../../src/publish/commit.ts";
import { KEYS, SECOND, attempt, expectPublished, storeWithCopies } from "../../helpers/commits.ts";
import type { MemoryStore } from "../../helpers/memory-store.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { settled } from "../../helpers/outcome.ts";
import { aRecord } from "../../helpers/records.ts";

const { signal } = new AbortController();

/** The bucket with this record, and none of its pointers. */
async function publishedIn(store: MemoryStore, record: AssetRecord): Promise<MemoryStore> {
  await store.writeText({ key: KEYS.record, text: JSON.stringify(record), headers: { contentType: "x", cacheControl: "x" } });
  return store;
}

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

  test("completes the playlists of keys as well, before the pointers", async () => {
    const record = aRecord({ keys: { "400k": "v224" } });
    const store = await storeWithCopies(record);
    const folder = `films/a/r/${record.revision}/`;
    const headers = { contentType: "x", cacheControl: "x" };
    for (const name of ["v224.m3u8", "v224_v4.m3u8"])
      await store.writeText({ key: folder + name, text: "#EXTM3U\n#EXTINF:6,\nv22400000.ts\n", headers });
    await repairPointers(await publishedIn(store, record), record, context);
    for (const name of ["400k.m3u8", "400k_v4.m3u8"])
      expect(store.textOf(`films/a/${name}`)).toBe(`#EXTM3U\n#EXTINF:6,\nr/${record.revision}/v22400000.ts\n`);
    expect(store.textOf("films/a/400k_iframe.m3u8")).toBeUndefined();
    expectPublished(store, record);
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
