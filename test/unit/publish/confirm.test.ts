import { expect, test } from "vitest";
import { LeaseLostError } from "../../../src/domain/errors.ts";
import { assetKeys, revisionBase } from "../../../src/domain/output-layout.ts";
import { confirm, readPublished, recordText } from "../../../src/publish/commit.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { aRecord } from "../../helpers/records.ts";

const { signal } = new AbortController();
const KEYS = assetKeys("films/a");
const headers = { contentType: "", cacheControl: "" };

/** A bucket in which a record is published, and what a confirmation reads of it. */
async function aPublishedRecord() {
  const store = memoryStore();
  const record = aRecord();
  await store.writeText({ key: KEYS.record, text: recordText(record), headers });
  for (const key of [KEYS.hls, KEYS.dash]) await store.writeText({ key, text: revisionBase(record.revision), headers });
  const published = await readPublished(store, "films/a", signal);
  if (!published) throw new Error("the record is there");
  return { store, published };
}

const aWish = (day: string) => ({
  createdAt: `2026-01-${day}T00:00:00.000Z`,
  pinsVersion: false,
  isAsked: true,
  uploadedAt: "2026-01-01T00:00:00.000Z",
});

test("of wishes for what is published that are confirmed side by side the latest is kept, and none is put off", async () => {
  const { store, published } = await aPublishedRecord();
  const context = { checkLease: () => undefined, signal };
  const wishes = ["03", "05", "04", "06"].map(aWish);
  await Promise.all(wishes.map(async (wish) => confirm(store, { published, wish }, context)));
  expect((await readPublished(store, "films/a", signal))?.record.createdAt).toBe("2026-01-06T00:00:00.000Z");
});

test("a wish is not written without the lease", async () => {
  const { store, published } = await aPublishedRecord();
  const before = [...store.changes];
  const checkLease = (): never => {
    throw new LeaseLostError("lease lost");
  };
  await expect(confirm(store, { published, wish: aWish("03") }, { checkLease, signal })).rejects.toBeInstanceOf(LeaseLostError);
  expect(store.changes).toStrictEqual(before);
});
