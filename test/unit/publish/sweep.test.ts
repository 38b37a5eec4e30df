import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ClaimRecord } from "../../../src/state/claim-record.ts";
import { assetKeys, revisionBase } from "../../../src/domain/output-layout.ts";
import { recordText } from "../../../src/publish/commit.ts";
import type { SweepBucket, UnfinishedUpload } from "../../../src/publish/sweep.ts";
import { sweep } from "../../../src/publish/sweep.ts";
import { readClaims, removeClaim } from "../../../src/state/sweep-claims.ts";
import type { MemoryStore } from "../../helpers/memory-store.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { aRecord } from "../../helpers/records.ts";

const { signal } = new AbortController();
const HEADERS = { contentType: "text/plain", cacheControl: "no-store" };
const HOUR = 3600;
const KEYS = assetKeys("films/a");
const revisionNamed = (index: number): string => `20260102T030405-0000000${index}`;
const folder = (index: number, asset = "films/a"): string => `${asset}/${revisionBase(revisionNamed(index))}`;

async function put(store: MemoryStore, key: string, { hours, text = "x" }: { hours: number; text?: string }): Promise<void> {
  await store.writeText({ key, text, headers: HEADERS });
  const stored = store.objects.get(key);
  if (stored) store.objects.set(key, { ...stored, writtenAtMs: Date.now() - hours * HOUR * 1000 });
}

/** The store as pages of three, with the ages it knows. */
function bucketOf(store: MemoryStore, uploads: readonly UnfinishedUpload[] = []) {
  const aborted: string[] = [];
  const bucket: SweepBucket = {
    pages: async function* (prefix) {
      const found = [...store.objects].filter(([key]) => key.startsWith(prefix)).toSorted(([a], [b]) => (a < b ? -1 : 1));
      for (let at = 0; at < found.length; at += 3)
        yield found.slice(at, at + 3).map(([key, { writtenAtMs }]) => ({ key, ageSeconds: (Date.now() - writtenAtMs) / 1000 }));
    },
    uploads: async function* () {
      yield uploads;
    },
    abort: async ({ uploadId }) => void aborted.push(uploadId),
  };
  return { bucket, aborted };
}

interface World {
  readonly store: MemoryStore;
  readonly state?: MemoryStore;
  readonly bucket?: SweepBucket;
  readonly dryRun?: boolean;
  readonly publishPrefix?: string;
  readonly onRemoved?: (objects: number) => void;
}

const run = ({ store, state = memoryStore(), bucket = bucketOf(store).bucket, dryRun = false, publishPrefix = "", onRemoved }: World) =>
  sweep(
    {
      published: { store, bucket },
      removeClaim: (key, own) => removeClaim(state, key, own),
      readClaims: (own) => readClaims({ store: state, bucket: bucketOf(state).bucket, olderThanSeconds: 24 * HOUR }, own),
      publishPrefix,
      olderThanSeconds: 24 * HOUR,
      dryRun,
      ...(onRemoved ? { onRemoved } : {}),
    },
    signal,
  );

async function anAsset({ current = 3, previous = 2, hours = 48 } = {}): Promise<MemoryStore> {
  const store = memoryStore();
  for (const index of [1, 2, 3])
    for (const name of ["asset.json", "v240/init.mp4", "v240/index.m3u8"]) await put(store, folder(index) + name, { hours });
  const record = aRecord({ revision: revisionNamed(current), previous: revisionNamed(previous) });
  await put(store, KEYS.record, { hours, text: recordText(record) });
  await put(store, KEYS.hls, { hours, text: `v240\n${revisionBase(revisionNamed(current))}v240/index.m3u8` });
  await put(store, KEYS.dash, { hours, text: `<BaseURL>${revisionBase(revisionNamed(current))}</BaseURL>` });
  return store;
}

const claim = (fields: Partial<ClaimRecord>): string =>
  JSON.stringify({
    ladderd: 1,
    jobId: "j",
    messageId: "m",
    holder: "h",
    term: 1,
    state: "held",
    crashes: 0,
    takenAt: "t",
    renewedAt: "t",
    ...fields,
  });

const revisionsIn = (store: MemoryStore): readonly string[] =>
  [...new Set([...store.objects.keys()].flatMap((key) => /\/r\/([^/]+)\//.exec(key)?.[1] ?? []))].toSorted();

describe("a sweep", () => {
  test("removes the revision that neither the record nor the previous one names", async () => {
    const store = await anAsset();
    await expect(run({ store })).resolves.toMatchObject({
      objects: 3,
      revisions: [{ assetPath: "films/a", revision: revisionNamed(1), objects: 3 }],
    });
    expect(revisionsIn(store)).toStrictEqual([revisionNamed(2), revisionNamed(3)]);
  });

  test("only says what would go when it is dry", async () => {
    const store = await anAsset();
    await expect(run({ store, dryRun: true })).resolves.toMatchObject({ objects: 3 });
    expect(revisionsIn(store)).toHaveLength(3);
  });

  test("removes what an attempt left whose asset was never published", async () => {
    const store = memoryStore();
    await put(store, `${folder(1)}v240/init.mp4`, { hours: 25 });
    await expect(run({ store })).resolves.toMatchObject({ objects: 1 });
    expect(store.objects.size).toBe(0);
  });

  test("leaves a revision alone while one object of it is young", async () => {
    const store = await anAsset();
    await put(store, `${folder(1)}v240/2.m4s`, { hours: 23 });
    await expect(run({ store })).resolves.toMatchObject({ objects: 0 });
  });

  test("leaves a revision alone into which something came since it was listed", async () => {
    const store = await anAsset();
    const { bucket } = bucketOf(store);
    const late: SweepBucket = {
      ...bucket,
      pages: async function* (prefix, own) {
        if (prefix !== "") await put(store, `${folder(1)}v240/2.m4s`, { hours: 0 });
        yield* bucket.pages(prefix, own);
      },
    };
    await expect(run({ store, bucket: late })).resolves.toMatchObject({ objects: 0 });
    expect(revisionsIn(store)).toHaveLength(3);
  });

  test("leaves all of an asset alone that was published a short while ago: players are still in what it showed", async () => {
    const store = await anAsset();
    await put(store, KEYS.record, { hours: 1, text: store.textOf(KEYS.record) ?? "" });
    await expect(run({ store })).resolves.toMatchObject({ objects: 0 });
  });

  test("leaves alone what a pointer shows that a crash kept from following asset.json", async () => {
    const store = await anAsset();
    await put(store, KEYS.hls, { hours: 48, text: `${revisionBase(revisionNamed(1))}v240/index.m3u8` });
    await expect(run({ store })).resolves.toMatchObject({ objects: 0 });
  });

  test.each(["held", "ended"] as const)("leaves alone what a claim that is %s left to the next attempt", async (state) => {
    const store = await anAsset();
    const claims = memoryStore();
    await put(claims, "claims/a.json", { hours: 1, text: claim({ state, left: { revision: revisionNamed(1), planHash: "p" } }) });
    await expect(run({ store, state: claims })).resolves.toMatchObject({ objects: 0 });
  });

  test.each(["held", "ended"] as const)(
    "fault 7: removes what an attempt left for which nobody came in a day (claim %s)",
    async (state) => {
      const store = await anAsset();
      const claims = memoryStore();
      await put(claims, "claims/a.json", { hours: 25, text: claim({ state, left: { revision: revisionNamed(1), planHash: "p" } }) });
      await expect(run({ store, state: claims })).resolves.toMatchObject({ objects: 3 });
      expect(revisionsIn(store)).toStrictEqual([revisionNamed(2), revisionNamed(3)]);
    },
  );

  test("tells of each revision when it is gone, so that a sweep that is broken off has counted what it did", async () => {
    const store = await anAsset();
    await put(store, `${folder(1, "films/b")}v240/init.mp4`, { hours: 48 });
    const removed: number[] = [];
    await run({ store, dryRun: true, onRemoved: (objects) => removed.push(objects) });
    expect(removed).toStrictEqual([]);
    await run({ store, onRemoved: (objects) => removed.push(objects) });
    expect(removed.toSorted((a, b) => a - b)).toStrictEqual([1, 3]);
  });

  test("touches nothing of an asset whose record it cannot read, and says so", async () => {
    const store = await anAsset();
    await put(store, KEYS.record, { hours: 48, text: "{}" });
    await expect(run({ store })).resolves.toMatchObject({ objects: 0, unreadable: ["films/a"] });
  });

  test("touches nothing outside its prefix, and nothing that is no revision", async () => {
    const store = memoryStore();
    for (const key of [`${folder(1, "other")}x`, "films/a/r/notes/x", "films/a/v240/x", "r/x"]) await put(store, key, { hours: 999 });
    await expect(run({ store, publishPrefix: "films/" })).resolves.toMatchObject({ objects: 0 });
    expect(store.objects.size).toBe(4);
  });

  test("touches no asset whose own path leads through what looks like a revision", async () => {
    const store = memoryStore();
    await put(store, `${folder(1)}inner/asset.json`, {
      hours: 99,
      text: recordText(aRecord({ assetPath: `${folder(1)}inner`, revision: revisionNamed(2) })),
    });
    await put(store, `${folder(1)}inner/${revisionBase(revisionNamed(2))}v240/init.mp4`, { hours: 99 });
    await expect(run({ store })).resolves.toMatchObject({ objects: 0 });
    expect(store.objects.size).toBe(2);
  });

  test("ends unfinished uploads of revisions that are as old", async () => {
    const store = memoryStore();
    const upload = (uploadId: string, key: string, hours: number) => ({ uploadId, key, ageSeconds: hours * HOUR });
    const { bucket, aborted } = bucketOf(store, [
      upload("old", `${folder(1)}v240/1.m4s`, 25),
      upload("young", `${folder(1)}v240/1.m4s`, 1),
      upload("foreign", "backups/x", 99),
    ]);
    await expect(run({ store, bucket })).resolves.toMatchObject({ uploads: 1 });
    expect(aborted).toStrictEqual(["old"]);
  });

  test("removes claims that ended more than thirty days ago, and no other", async () => {
    const state = memoryStore();
    const days = (count: number) => ({ hours: 24 * count });
    await put(state, "claims/old.json", { ...days(31), text: claim({ state: "ended" }) });
    await put(state, "claims/held.json", { ...days(31), text: claim({ state: "held" }) });
    await put(state, "claims/new.json", { ...days(29), text: claim({ state: "ended" }) });
    await put(state, "claims/foreign.json", { ...days(31), text: "{}" });
    await expect(run({ store: memoryStore(), state })).resolves.toMatchObject({ claims: 1 });
    expect([...state.objects.keys()]).toStrictEqual(["claims/held.json", "claims/new.json", "claims/foreign.json"]);
  });

  test.each(["before it is looked at again", "after it was looked at again"])("leaves alone a claim that was taken %s", async (when) => {
    const state = memoryStore();
    await put(state, "claims/old.json", { hours: 24 * 31, text: claim({ state: "ended" }) });
    let reads = 0;
    const taken: MemoryStore = {
      ...state,
      readText: async (key) => {
        const found = await state.readText(key);
        reads += 1;
        const isTime = reads === (when.startsWith("before") ? 1 : 2);
        if (isTime) await put(state, key, { hours: 0, text: claim({ term: 2 }) });
        return found;
      },
    };
    await expect(run({ store: memoryStore(), state: taken })).resolves.toMatchObject({ claims: 0 });
    expect(state.textOf("claims/old.json")).toBe(claim({ term: 2 }));
  });

  test("never removes what the record, the previous one, a pointer or a claim names, whatever the ages", async () => {
    const one = fc.integer({ min: 1, max: 6 });
    const hours = fc.integer({ min: 0, max: 100 });
    const world = fc.record({
      current: one,
      previous: fc.option(one),
      hls: one,
      dash: one,
      left: fc.option(one),
      recordHours: hours,
      ages: fc.array(hours, { minLength: 6, maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(world, async ({ current, previous, hls, dash, left, recordHours, ages }) => {
        const [store, state] = [memoryStore(), memoryStore()];
        for (const [at, age] of ages.entries()) await put(store, `${folder(at + 1)}v240/init.mp4`, { hours: age });
        const named = previous === null ? {} : { previous: revisionNamed(previous) };
        await put(store, KEYS.record, { hours: recordHours, text: recordText(aRecord({ revision: revisionNamed(current), ...named })) });
        await put(store, KEYS.hls, { hours: recordHours, text: revisionBase(revisionNamed(hls)) });
        await put(store, KEYS.dash, { hours: recordHours, text: revisionBase(revisionNamed(dash)) });
        if (left !== null)
          await put(state, "claims/a.json", { hours: 1, text: claim({ left: { revision: revisionNamed(left), planHash: "p" } }) });
        await run({ store, state });
        const there = revisionsIn(store);
        const named6 = [current, previous, hls, dash, left].flatMap((index) => (index === null ? [] : revisionNamed(index)));
        for (const revision of named6) expect(there).toContain(revision);
        for (const [at, age] of ages.entries()) {
          const isGone = !there.includes(revisionNamed(at + 1));
          expect(isGone).toBe(age >= 24 && recordHours >= 24 && !named6.includes(revisionNamed(at + 1)));
        }
      }),
      { numRuns: 300 },
    );
  });
});
