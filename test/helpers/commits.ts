import { expect } from "vitest";
import { POINTER_COPIES, assetKeys, revisionBase } from "../../src/domain/output-layout.ts";
import type { Manifests } from "../../src/packaging/render.ts";
import type { ObjectStore } from "../../src/pipeline/ports.ts";
import type { AssetRecord } from "../../src/publish/asset-record.ts";
import { parseAssetRecord } from "../../src/publish/asset-record.ts";
import type { Commit } from "../../src/publish/commit.ts";
import type { Candidate } from "../../src/publish/decide.ts";
import type { MemoryStore } from "./memory-store.ts";
import { memoryStore } from "./memory-store.ts";
import { SOURCES, aCandidate, aRecord } from "./records.ts";

/** Where the asset of these records is. */
export const KEYS = assetKeys("films/a");
const manifestsOf = ({ revision }: AssetRecord): Manifests => ({ hls: `hls of ${revision}`, dash: `dash of ${revision}` });
/** A commit of a record, with what a test wants otherwise. */
export const attempt = (
  store: ObjectStore,
  record: AssetRecord,
  changes: Partial<Commit> & { readonly is?: Partial<Candidate> } = {},
): Commit => ({
  store,
  record,
  manifests: manifestsOf(record),
  candidate: async () =>
    aCandidate({ sourceId: record.source.id, ladderHash: record.ladderHash, createdAt: record.createdAt, ...changes.is }),
  checkLease: () => undefined,
  ...changes,
});
/** A bucket with the pointer copies of these revisions, as their uploads left them. */
export async function storeWithCopies(...records: readonly AssetRecord[]): Promise<MemoryStore> {
  const store = memoryStore();
  const headers = { contentType: "x", cacheControl: "x" };
  for (const record of records) {
    const folder = `${record.assetPath}/${revisionBase(record.revision)}`;
    const { hls, dash } = manifestsOf(record);
    await store.writeText({ key: folder + POINTER_COPIES.hls, text: hls, headers });
    await store.writeText({ key: folder + POINTER_COPIES.dash, text: dash, headers });
  }
  return store;
}

/** Other bytes of the same object, published later. */
export const SECOND = aRecord({ revision: "20260102T030406-00000002", source: { id: SOURCES.second, sizeBytes: 5 } });

/** Asserts that record and pointers show this revision and nothing else. */
export function expectPublished(store: MemoryStore, record: AssetRecord): void {
  expect(parseAssetRecord(store.textOf(KEYS.record) ?? "")?.revision).toBe(record.revision);
  expect([store.textOf(KEYS.hls), store.textOf(KEYS.dash)]).toStrictEqual([manifestsOf(record).hls, manifestsOf(record).dash]);
}
