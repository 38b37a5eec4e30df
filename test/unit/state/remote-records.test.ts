import { describe, expect, test } from "vitest";
import type { RemoteOutputs, RemoteState } from "../../../src/engines/remote-state.ts";
import type { RemoteRecord } from "../../../src/state/remote-records.ts";
import {
  createRemoteRecord,
  giveUpRecord,
  listRemoteRecords,
  mergeIntoRecord,
  readRemoteRecord,
  removeRemoteRecord,
} from "../../../src/state/remote-records.ts";
import type { MemoryStore } from "../../helpers/memory-store.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { GOLDEN_PLANS } from "../../helpers/plans.ts";
import { aRemoteRecord } from "../../helpers/remote-records.ts";

const { signal } = new AbortController();
const NAME = { engine: "mediaconvert", remoteId: "1111111111111-abcdef" } as const;
const KEY = "jobs/remote/mediaconvert/1111111111111-abcdef.json";
const OUTPUTS: RemoteOutputs = { playlists: ["s3://b/a.m3u8"], renditions: [{ name: "s3://b/a.cmfv", width: 640 }], warnings: [] };
const STATES: readonly RemoteState[] = [
  { kind: "progressing", percent: 10 },
  { kind: "progressing", percent: 60 },
  { kind: "complete", outputs: OUTPUTS },
];

async function stored(changes: Partial<RemoteRecord> = {}): Promise<MemoryStore> {
  const store = memoryStore();
  await createRemoteRecord(store, aRemoteRecord(changes), signal);
  return store;
}
const tell = (store: MemoryStore, state: RemoteState) => mergeIntoRecord(store, { name: NAME, state }, signal);

describe("the record of a remote job", () => {
  test.each(Object.entries(GOLDEN_PLANS))("gives back what was written: %s", async (_name, plan) => {
    const store = await stored({ plan });
    expect((await readRemoteRecord(store, NAME, signal))?.record).toStrictEqual(JSON.parse(JSON.stringify(aRemoteRecord({ plan }))));
  });

  test("is listed until it is removed, and nothing else is", async () => {
    const store = await stored();
    for (const key of ["jobs/remote/ffmpeg/1.json", "jobs/remote/mediaconvert/1.txt", "jobs/a.json"])
      await store.writeText({ key, text: "{}", headers: { contentType: "", cacheControl: "" } });
    expect(await listRemoteRecords(store, signal)).toStrictEqual([NAME]);
    await removeRemoteRecord(store, NAME, signal);
    expect(await listRemoteRecords(store, signal)).toStrictEqual([]);
    expect(await readRemoteRecord(store, NAME, signal)).toBeUndefined();
  });

  test("that is there already is not written over by a second submit", async () => {
    const store = await stored();
    await tell(store, { kind: "progressing", percent: 60 });
    await createRemoteRecord(store, aRemoteRecord(), signal);
    expect((await readRemoteRecord(store, NAME, signal))?.record.state).toStrictEqual({ kind: "progressing", percent: 60 });
  });

  test("of an id that would leave its folder is neither read nor written", async () => {
    const store = await stored();
    expect(await readRemoteRecord(store, { ...NAME, remoteId: "../mediaconvert/1111111111111-abcdef" }, signal)).toBeUndefined();
    await expect(createRemoteRecord(store, aRemoteRecord({ remoteId: "../../claims/a" }), signal)).rejects.toThrow("makes no key");
    expect(store.changes).toStrictEqual([`put ${KEY}`]);
  });

  test("keeps what a newer build wrote into it", async () => {
    const store = await stored();
    const newer = { ...JSON.parse(store.textOf(KEY) ?? ""), ofANewerBuild: { any: ["thing"] } };
    await store.writeText({ key: KEY, text: JSON.stringify(newer), headers: { contentType: "", cacheControl: "" } });
    await tell(store, { kind: "progressing", percent: 1 });
    expect(JSON.parse(store.textOf(KEY) ?? "")).toMatchObject({ ofANewerBuild: { any: ["thing"] }, state: { percent: 1 } });
  });

  test("notes once that another engine does the job", async () => {
    const store = await stored();
    const first = new Date("2026-11-23T05:00:00Z");
    await giveUpRecord(store, { name: NAME, at: first }, signal);
    await giveUpRecord(store, { name: NAME, at: new Date("2026-11-23T06:00:00Z") }, signal);
    expect((await readRemoteRecord(store, NAME, signal))?.record.givenUpAt).toBe(first.toISOString());
  });
});

describe("what is told of a remote job", () => {
  test.each([
    ["in order", [0, 1, 2]],
    ["backwards", [2, 1, 0]],
    ["each twice", [0, 0, 2, 2, 1, 1]],
  ])("%s, ends in the same state", async (_name, order) => {
    const store = await stored();
    for (const index of order) await tell(store, STATES[index] ?? { kind: "submitted" });
    expect((await readRemoteRecord(store, NAME, signal))?.record.state).toStrictEqual({ kind: "complete", outputs: OUTPUTS });
  });

  test("a second time is not written a second time", async () => {
    const store = await stored();
    for (let times = 0; times < 3; times += 1) await tell(store, { kind: "canceled" });
    expect(store.changes).toStrictEqual([`put ${KEY}`, `put ${KEY}`]);
  });

  test("by two consumers at one time, is kept of both", async () => {
    const store = await stored();
    await Promise.all(STATES.toReversed().map((state) => tell(store, state)));
    expect((await readRemoteRecord(store, NAME, signal))?.record.state.kind).toBe("complete");
  });

  test("of a job that nobody here submitted makes no record", async () => {
    const store = memoryStore();
    expect(await tell(store, { kind: "canceled" })).toBeUndefined();
    expect(store.changes).toStrictEqual([]);
  });
});
