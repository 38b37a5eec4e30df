import { readdir, rm, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { StorageError } from "../../../src/domain/errors.ts";
import type { Admitted } from "../../../src/pipeline/admit.ts";
import { admit } from "../../../src/pipeline/admit.ts";
import type { PipelineDeps } from "../../../src/pipeline/deps.ts";
import { keepSource } from "../../../src/pipeline/kept-source.ts";
import type { ObjectStore } from "../../../src/pipeline/ports.ts";
import { runJob } from "../../../src/pipeline/run-job.ts";
import { commit } from "../../../src/publish/commit.ts";
import { sha256, sourceId } from "../../../src/publish/identity.ts";
import { NO_FENCES } from "../../../src/process/sandbox.ts";
import type { RunJob } from "../../../src/queue/run-entries.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { aCandidate, aRecord } from "../../helpers/records.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import { aMessage } from "../queue/doubles.ts";
import { aRecord as anEvent, s3Message } from "../queue/messages.ts";
import { aHandler } from "../queue/settle.ts";

const ETAG = "etag-1";
const { signal } = new AbortController();
const unused = (): never => {
  throw new Error("a repeat has no use for this");
};

/** A worker's view of a bucket in which films/a is published, with every call counted. */
async function aPublishedAsset(env: Readonly<Record<string, string>> = {}) {
  const config = loadConfig({ env: { NODE_ENV: "test", ...env } });
  const ladder = aLadder({ name: config.ladder });
  const store = memoryStore();
  const source = { bucket: "uploads", key: "films/a.mp4" };
  const record = aRecord({
    source: { id: sourceId(source, ETAG), sizeBytes: 9 },
    ladderHash: sha256(JSON.stringify(ladder)).slice(0, 16),
  });
  const base = `r/${record.revision}/`;
  const manifests = { hls: `#EXTM3U\n${base}v240/index.m3u8`, dash: `<MPD><BaseURL>${base}</BaseURL></MPD>` };
  const headers = { contentType: "", cacheControl: "" };
  await store.writeText({ key: `films/a/r/${record.revision}/pointer.m3u8`, text: manifests.hls, headers });
  await store.writeText({ key: `films/a/r/${record.revision}/pointer.mpd`, text: manifests.dash, headers });
  await commit({ store, record, manifests, candidate: async () => aCandidate(), checkLease: () => undefined }, signal);
  const calls: string[] = [];
  const deps: PipelineDeps = {
    sources: {
      head: async (ref) => {
        calls.push("head");
        return { ref, etag: ETAG, sizeBytes: 9, lastModified: "2026-01-01T00:00:00.000Z" };
      },
      list: unused,
      download: unused,
    },
    published: {
      ...store,
      readText: async (key) => {
        calls.push("get");
        return store.readText(key);
      },
    },
    ladders: new Map([[ladder.name, ladder]]),
    settings: config,
    tools: {
      ffmpegPath: "",
      ffprobePath: "",
      packagerPath: "",
      threads: 1,
      sandbox: NO_FENCES,
    },
    takeClaim: unused,
    findKey: unused,
    report: () => undefined,
  };
  return { deps, source, store, calls };
}

/** What an encode of the admitted job ends with. */
async function publish(store: ObjectStore, { assetPath, sourceId: id, ladderHash, createdAt }: Admitted): Promise<void> {
  const record = aRecord({ assetPath, source: { id, sizeBytes: 9 }, ladderHash, createdAt });
  const manifests = { hls: `r/${record.revision}/v240/index.m3u8`, dash: `<BaseURL>r/${record.revision}/</BaseURL>` };
  const candidate = async () => aCandidate({ sourceId: id, ladderHash, createdAt });
  await commit({ store, record, manifests, candidate, checkLease: () => undefined }, signal);
}

describe("the repeat of a published job", () => {
  test("R-P7, R-Q15, fault 61: is a no-op a thousand times over: no claim, no download, no write, a HEAD and three reads", async () => {
    const { deps, source, store, calls } = await aPublishedAsset();
    const before = store.changes.length;
    const context = { signal, checkLease: () => undefined, messageId: "m" };
    for (let index = 0; index < 1000; index += 1) {
      const job = { id: `job-${index}`, source, eventTime: "2026-01-02T00:00:00.000Z" };
      await expect(admit(job, deps, context)).resolves.toMatchObject({ kind: "duplicate" });
    }
    expect(store.changes).toHaveLength(before);
    expect(calls.filter((call) => call === "head")).toHaveLength(1000);
    expect(calls.filter((call) => call === "get")).toHaveLength(3000);
  });

  test.each(["m3u8", "mpd"])("writes a lost index.%s again, from its copy in the revision", async (extension) => {
    const { deps, source, store } = await aPublishedAsset();
    const before = store.textOf(`films/a/index.${extension}`);
    await store.remove([`films/a/index.${extension}`]);
    const job = { id: "again", source, eventTime: "2026-01-02T00:00:00.000Z" };
    const context = { signal, checkLease: () => undefined, messageId: "m" };
    await expect(admit(job, deps, context)).resolves.toMatchObject({ kind: "duplicate" });
    expect(store.textOf(`films/a/index.${extension}`)).toBe(before);
  });

  test("forgets the source that an attempt before it kept here, whichever worker has published it since", async () => {
    await using folder = await temporaryFolder();
    const { deps, source } = await aPublishedAsset({ LADDERD_WORK_DIR: folder.path });
    await writeFile(folder.in("source.bin"), "nine bits");
    await keepSource(folder.path, await deps.sources.head(source, signal), folder.in("source.bin"));
    await rm(folder.in("source.bin"));
    await expect(readdir(folder.path)).resolves.toHaveLength(1);
    const context = { signal, checkLease: () => undefined, messageId: "m" };
    const run = { deps, context, stage: async <T>(_name: string, work: () => Promise<T>): Promise<T> => work() };
    const job = { id: "again", source, eventTime: "2026-01-02T00:00:00.000Z" };
    await expect(runJob(job, run)).resolves.toMatchObject({ outcome: "duplicate" });
    await expect(readdir(folder.path)).resolves.toStrictEqual([]);
  });

  test("bad input 10: comes with the retry of another record of its message, and only what failed is done again", async () => {
    const { deps } = await aPublishedAsset();
    const work: string[] = [];
    let isDown = true;
    const takeJob: RunJob = async (job, context) => {
      if (!("source" in job)) throw new Error("no subtitles here");
      const admitted = await admit(job, deps, context);
      if (admitted.kind !== "admitted") return admitted.kind;
      work.push(job.source.key);
      if (isDown && job.source.key === "late.mp4") throw new StorageError("503");
      await publish(deps.published, admitted);
      return "published";
    };
    const { handle, calls } = aHandler({ runJob: takeJob });
    const body = s3Message(anEvent({ key: "late.mp4" }), anEvent({ key: "good.mp4" }));
    await expect(handle(aMessage({ body }), signal)).resolves.toBe("failed");
    isDown = false;
    await expect(handle(aMessage({ body, receiveCount: 2 }), signal)).resolves.toBe("published");
    expect(work).toStrictEqual(["late.mp4", "good.mp4", "late.mp4"]);
    expect(calls).toStrictEqual(["release 45", "delete"]);
  });

  test("fault 61: of a source that was overwritten since is stale", async () => {
    const { deps, source, calls } = await aPublishedAsset();
    const job = { id: "old", source: { ...source, versionId: "v0" }, eventTime: "2025-12-31T00:00:00.000Z" };
    const head: PipelineDeps["sources"]["head"] = async (ref) => ({
      ref,
      etag: ref.versionId === undefined ? ETAG : "etag-0",
      sizeBytes: 9,
      lastModified: "2025-12-31T00:00:00.000Z",
    });
    const context = { signal, checkLease: () => undefined, messageId: "m" };
    await expect(admit(job, { ...deps, sources: { ...deps.sources, head } }, context)).resolves.toMatchObject({ kind: "stale" });
    expect(calls).toEqual(["get"]);
  });
});
