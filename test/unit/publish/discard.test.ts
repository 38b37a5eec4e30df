import { describe, expect, test } from "vitest";
import { assetKeys } from "../../../src/domain/output-layout.ts";
import { discardRevision } from "../../../src/publish/discard.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { aRecord } from "../../helpers/records.ts";

const headers = { contentType: "x", cacheControl: "x" };
const attempt = { assetPath: "films/a", revision: aRecord().revision };

async function aStoreWith(...keys: readonly string[]) {
  const store = memoryStore();
  for (const key of keys) await store.writeText({ key, text: "x", headers });
  return store;
}

describe("discardRevision", () => {
  test("removes its own revision and nothing beside it", async () => {
    const others = ["films/a/r/20260101T000000-00000000/v240/1", "films/a/index.mpd", `films/a/r/${attempt.revision}x/1`];
    const store = await aStoreWith(`films/a/r/${attempt.revision}/v240/00001.m4s`, ...others);
    await discardRevision(store, attempt);
    expect([...store.objects.keys()]).toStrictEqual(others);
  });

  test("never touches a revision that asset.json names", async () => {
    const store = await aStoreWith(`films/a/r/${attempt.revision}/v240/00001.m4s`);
    await store.writeText({ key: assetKeys("films/a").record, text: JSON.stringify(aRecord()), headers });
    await discardRevision(store, attempt);
    expect(store.objects.size).toBe(2);
  });

  test("never touches the revision that a rollback would need", async () => {
    const store = await aStoreWith(`films/a/r/${attempt.revision}/v240/00001.m4s`);
    const record = { ...aRecord(), revision: "20270101T000000-00000000", previous: attempt.revision };
    await store.writeText({ key: assetKeys("films/a").record, text: JSON.stringify(record), headers });
    await discardRevision(store, attempt);
    expect(store.objects.size).toBe(2);
  });

  test("never throws, and removes nothing, when it cannot read what is published", async () => {
    const store = await aStoreWith(`films/a/r/${attempt.revision}/1`);
    await discardRevision({ ...store, readText: async () => Promise.reject(new Error("down")) }, attempt);
    expect(store.objects.size).toBe(1);
  });
});
