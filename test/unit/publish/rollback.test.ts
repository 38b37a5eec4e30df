import { beforeEach, describe, expect, test } from "vitest";
import { OutputError, SourceError } from "../../../src/domain/errors.ts";
import { ASSET_RECORD, POINTER_COPIES, assetKeys, revisionBase } from "../../../src/domain/output-layout.ts";
import type { ObjectStore } from "../../../src/pipeline/ports.ts";
import type { AssetRecord } from "../../../src/publish/asset-record.ts";
import { parseAssetRecord } from "../../../src/publish/asset-record.ts";
import { commit, recordText } from "../../../src/publish/commit.ts";
import { decide } from "../../../src/publish/decide.ts";
import { rollBack } from "../../../src/publish/rollback.ts";
import type { MemoryStore } from "../../helpers/memory-store.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { SOURCES, aCandidate, aRecord } from "../../helpers/records.ts";

const { signal } = new AbortController();
const KEYS = assetKeys("films/a");
const HEADERS = { contentType: "text/plain", cacheControl: "no-store" };
const FIRST = aRecord();
const SECOND = aRecord({ revision: "20260102T030406-00000002", source: { id: SOURCES.second, sizeBytes: 5 } });
const THIRD = aRecord({ revision: "20260102T030407-00000003", source: { id: SOURCES.first, sizeBytes: 5 }, ladderHash: "ladder-2" });

const folderOf = ({ assetPath, revision }: AssetRecord): string => `${assetPath}/${revisionBase(revision)}`;
const manifestsOf = ({ revision }: AssetRecord) => ({
  hls: `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${revisionBase(revision)}v240/index.m3u8\n`,
  dash: `<MPD><BaseURL>${revisionBase(revision)}</BaseURL></MPD>`,
});

/** What a service wrote, by its names. */
const ofService = ({ revision }: AssetRecord) => ({
  hls: [
    '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio-0",NAME="Audio 1",URI="BASEhls-a_v4.m3u8"',
    '#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="audio-0"\nBASEhls-v240_v4.m3u8',
    '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="BASEhls-v240_iframe.m3u8"\n',
  ]
    .join("\n")
    .replaceAll("BASE", revisionBase(revision)),
  dash: `<MPD><BaseURL>${revisionBase(revision)}</BaseURL><Period><Representation><BaseURL>dash-v240</BaseURL></Representation></Period></MPD>`,
});
const ranges = (file: string): string => `#EXTM3U\n#EXTINF:2,\n#EXT-X-BYTERANGE:3@0\n${file}\n#EXTINF:2,\n#EXT-X-BYTERANGE:4@3\n${file}\n`;
const SERVICE_TEXTS = {
  "hls-a_v4.m3u8": ranges("hls-a.ts"),
  "hls-v240_v4.m3u8": ranges("hls-v240.ts"),
  "hls-v240_iframe.m3u8": ranges("hls-v240.ts"),
  "hls-a.ts": "segment",
  "hls-v240.ts": "segment",
  "dash-v240": "segment",
};

async function publish(store: ObjectStore, record: AssetRecord): Promise<void> {
  const manifests = manifestsOf(record);
  const texts = {
    [ASSET_RECORD]: recordText(record),
    [POINTER_COPIES.hls]: manifests.hls,
    [POINTER_COPIES.dash]: manifests.dash,
    "v240/index.m3u8": '#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:2,\n1.m4s\n',
    "v240/init.mp4": "init",
    "v240/1.m4s": "segment",
  };
  for (const [name, text] of Object.entries(texts)) await store.writeText({ key: folderOf(record) + name, text, headers: HEADERS });
  const candidate = async () =>
    aCandidate({ sourceId: record.source.id, ladderHash: record.ladderHash, createdAt: record.createdAt, namesPath: true });
  await commit({ store, record, manifests, candidate, checkLease: () => undefined }, signal);
}

async function publishOfService(): Promise<void> {
  await publish(store, FIRST);
  await store.remove(["v240/index.m3u8", "v240/init.mp4", "v240/1.m4s"].map((name) => folderOf(FIRST) + name));
  const { hls, dash } = ofService(FIRST);
  const texts = { ...SERVICE_TEXTS, [POINTER_COPIES.hls]: hls, [POINTER_COPIES.dash]: dash };
  for (const [name, text] of Object.entries(texts)) await store.writeText({ key: folderOf(FIRST) + name, text, headers: HEADERS });
}

let store: MemoryStore;
beforeEach(() => {
  store = memoryStore();
});
const now = (): Date => new Date("2026-01-03T00:00:00.000Z");
const back = (on: ObjectStore = store) => rollBack({ store: on, assetPath: "films/a", now }, signal);
const published = (): AssetRecord | undefined => parseAssetRecord(store.textOf(KEYS.record) ?? "");

function expectShown(record: AssetRecord): void {
  expect(published()?.revision).toBe(record.revision);
  expect({ hls: store.textOf(KEYS.hls), dash: store.textOf(KEYS.dash) }).toStrictEqual(manifestsOf(record));
}

describe("a rollback", () => {
  test("shows the revision that was there before, and removes nothing", async () => {
    await publish(store, FIRST);
    await publish(store, SECOND);
    const keys = [...store.objects.keys()];
    await expect(back()).resolves.toStrictEqual({ kind: "rolled-back", from: SECOND.revision, to: FIRST.revision });
    expectShown(FIRST);
    expect([...store.objects.keys()]).toStrictEqual(keys);
  });

  test("writes asset.json first, then the MPD, then the playlist", async () => {
    await publish(store, FIRST);
    await publish(store, SECOND);
    const before = store.changes.length;
    await back();
    expect(store.changes.slice(before)).toStrictEqual([KEYS.record, KEYS.dash, KEYS.hls].map((key) => `put ${key}`));
  });

  test("goes forward again when it is asked for twice", async () => {
    await publish(store, FIRST);
    await publish(store, SECOND);
    await back();
    await expect(back()).resolves.toStrictEqual({ kind: "rolled-back", from: FIRST.revision, to: SECOND.revision });
    expectShown(SECOND);
  });

  test("goes one step back of three, not two", async () => {
    for (const record of [FIRST, SECOND, THIRD]) await publish(store, record);
    await back();
    expectShown(SECOND);
  });

  test("says so when there is nothing before", async () => {
    await publish(store, FIRST);
    const before = [...store.changes];
    await expect(back()).resolves.toStrictEqual({ kind: "nothing", at: FIRST.revision });
    expect(store.changes).toStrictEqual(before);
  });

  test("has no early part of the same job to go back to", async () => {
    await publish(store, { ...FIRST, complete: false });
    await publish(store, { ...FIRST, revision: SECOND.revision });
    await expect(back()).resolves.toStrictEqual({ kind: "nothing", at: SECOND.revision });
  });

  test.each([KEYS.dash, KEYS.hls])("that was killed before it wrote %s is finished by the next, not turned around", async (key) => {
    await publish(store, FIRST);
    await publish(store, SECOND);
    const killed: ObjectStore = {
      ...store,
      writeText: async (object) => {
        if (object.key === key) throw new Error("killed");
        return store.writeText(object);
      },
    };
    await expect(back(killed)).rejects.toThrow("killed");
    await expect(back()).resolves.toStrictEqual({ kind: "finished", to: FIRST.revision });
    expectShown(FIRST);
  });

  test.each(["v240/1.m4s", "v240/init.mp4", "v240/index.m3u8", ASSET_RECORD])(
    "is refused when the previous revision has lost %s",
    async (name) => {
      await publish(store, FIRST);
      await publish(store, SECOND);
      await store.remove([folderOf(FIRST) + name]);
      await expect(back()).rejects.toBeInstanceOf(OutputError);
      expectShown(SECOND);
    },
  );

  test("goes back to what a service wrote, by the service's names", async () => {
    await publishOfService();
    await publish(store, SECOND);
    await back();
    expect(published()?.revision).toBe(FIRST.revision);
  });

  test.each([...Object.keys(SERVICE_TEXTS)])("is refused when what a service wrote has lost %s", async (name) => {
    await publishOfService();
    await publish(store, SECOND);
    await store.remove([folderOf(FIRST) + name]);
    await expect(back()).rejects.toMatchObject({ code: "output_incomplete", facts: { objects: expect.arrayContaining([name]) } });
    expectShown(SECOND);
  });

  test.each(Object.values(POINTER_COPIES))("is refused when %s names nothing", async (name) => {
    await publish(store, FIRST);
    await publish(store, SECOND);
    await store.writeText({ key: folderOf(FIRST) + name, text: "#EXTM3U\n", headers: HEADERS });
    await expect(back()).rejects.toMatchObject({ code: "output_incomplete" });
    expectShown(SECOND);
  });

  test("gives way to a publish that came between", async () => {
    await publish(store, FIRST);
    await publish(store, SECOND);
    const raced: ObjectStore = {
      ...store,
      list: async (prefix) => {
        await publish(store, THIRD);
        return store.list(prefix);
      },
    };
    await expect(back(raced)).rejects.toThrow(/published anew/);
    expectShown(THIRD);
  });

  test("of an asset that is not there is an error of the request", async () => {
    await expect(back()).rejects.toBeInstanceOf(SourceError);
  });
});

describe("what was rolled back", () => {
  const candidate = (createdAt: string) => aCandidate({ sourceId: SECOND.source.id, createdAt });

  test("does not come back by a message that was sent before", async () => {
    await publish(store, FIRST);
    await publish(store, SECOND);
    await back();
    expect(decide(published(), candidate("2026-01-02T23:59:59.000Z"))).toBe("stale");
  });

  test("comes back by an upload or a job of later", async () => {
    await publish(store, FIRST);
    await publish(store, SECOND);
    await back();
    const later = new Date(Date.now() + 60_000).toISOString();
    expect(decide(published(), candidate(later))).toBe("publish");
  });

  test("does not come back by its own message when the clock of whoever rolls back is behind", async () => {
    await publish(store, FIRST);
    await publish(store, SECOND);
    const behind = (): Date => new Date(Date.parse(SECOND.createdAt) - 300_000);
    await rollBack({ store, assetPath: "films/a", now: behind }, signal);
    await publish(store, { ...SECOND, revision: "20260102T030409-00000005" });
    expectShown(FIRST);
  });

  test("is held off from what was sent before by the clock of the store, when that of whoever rolls back is behind", async () => {
    await publish(store, FIRST);
    await publish(store, SECOND);
    const readAtMs = Date.parse("2026-01-02T12:00:00.000Z");
    const dated: ObjectStore = {
      ...store,
      readText: async (key) => {
        const there = await store.readText(key);
        return there && { ...there, readAtMs };
      },
    };
    await rollBack({ store: dated, assetPath: "films/a", now: () => new Date(readAtMs - 300_000) }, signal);
    const ofAnotherEvent = { ...SECOND, revision: "20260102T030409-00000005", createdAt: "2026-01-02T11:59:59.000Z" };
    await publish(store, ofAnotherEvent);
    expectShown(FIRST);
  });

  test("stays marked when a second rollback takes back no more than its text", async () => {
    await publish(store, FIRST);
    await publish(store, SECOND);
    await back();
    const marked = published();
    const withText = { ...FIRST, revision: "20260102T030409-00000005" };
    await publish(store, { ...withText, ladderHash: "ladder-3", createdAt: "2026-01-04T00:00:00.000Z" });
    const shown = published();
    if (!marked?.withdrawn || !shown) throw new Error("nothing is marked");
    const text = recordText({ ...shown, ladderHash: FIRST.ladderHash, withdrawn: marked.withdrawn });
    await store.writeText({ key: KEYS.record, text, headers: HEADERS });
    await back();
    expectShown(FIRST);
    expect(published()?.withdrawn).toStrictEqual(marked.withdrawn);
  });

  test("is no longer marked once something newer is published", async () => {
    await publish(store, FIRST);
    await publish(store, SECOND);
    await back();
    await publish(store, THIRD);
    expect(published()).not.toHaveProperty("withdrawn");
  });

  test("is not the source itself when only subtitles were attached to it", async () => {
    await publish(store, FIRST);
    await publish(store, { ...FIRST, revision: SECOND.revision, ladderHash: "other" });
    await publish(store, { ...FIRST, revision: THIRD.revision });
    store.objects.delete(KEYS.record);
    await store.writeText({
      key: KEYS.record,
      text: recordText({ ...FIRST, revision: THIRD.revision, previous: FIRST.revision }),
      headers: HEADERS,
    });
    await back();
    expect(published()).not.toHaveProperty("withdrawn");
  });
});
