import { describe, expect, test } from "vitest";
import { POINTER_COPIES, assetKeys, revisionBase } from "../../../src/domain/output-layout.ts";
import type { Admitted } from "../../../src/pipeline/admit.ts";
import { wasOvertaken } from "../../../src/pipeline/admit.ts";
import type { AssetRecord } from "../../../src/publish/asset-record.ts";
import { aLadder } from "../../helpers/ladders.ts";
import type { MemoryStore } from "../../helpers/memory-store.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { SOURCES, aRecord } from "../../helpers/records.ts";

const context = { checkLease: () => undefined, messageId: "message", signal: new AbortController().signal };
const admitted: Admitted = {
  kind: "admitted",
  ladder: aLadder(),
  ladderHash: "ladder-1",
  assetPath: "films/a",
  object: { ref: { bucket: "uploads", key: "a.mp4" }, etag: "etag-1", sizeBytes: 1, lastModified: "2026-01-01T00:00:00.000Z" },
  sourceId: SOURCES.first,
  createdAt: "2026-01-01T00:00:00.000Z",
  pinsVersion: false,
  isAsked: false,
  uploadedAt: "2026-01-01T00:00:00.000Z",
  isNew: true,
};

async function aStoreWith(record: AssetRecord): Promise<MemoryStore> {
  const store = memoryStore();
  const headers = { contentType: "x", cacheControl: "x" };
  const folder = `films/a/${revisionBase(record.revision)}`;
  await store.writeText({ key: assetKeys("films/a").record, text: JSON.stringify(record), headers });
  for (const name of Object.values(POINTER_COPIES)) await store.writeText({ key: folder + name, text: name, headers });
  return store;
}

describe("a job that has waited for the claim", () => {
  test("finds what the attempt before it published since it looked, pointers completed", async () => {
    const store = await aStoreWith(aRecord());
    await expect(wasOvertaken(admitted, { published: store }, context)).resolves.toBe(true);
    expect(store.textOf(assetKeys("films/a").hls)).toBe(POINTER_COPIES.hls);
    expect(store.textOf(assetKeys("films/a").dash)).toBe(POINTER_COPIES.dash);
  });

  test.each<Partial<AssetRecord>>([{ source: { id: SOURCES.second, sizeBytes: 1 } }, { ladderHash: "ladder-2" }, { complete: false }])(
    "goes on over %o",
    async (changes) => {
      const store = await aStoreWith(aRecord(changes));
      const before = [...store.changes];
      await expect(wasOvertaken(admitted, { published: store }, context)).resolves.toBe(false);
      expect(store.changes).toStrictEqual(before);
    },
  );

  test("goes on where nothing is published", async () => {
    await expect(wasOvertaken(admitted, { published: memoryStore() }, context)).resolves.toBe(false);
  });
});
