import { describe, expect, test } from "vitest";
import { spareAttached } from "../../../src/pipeline/attached-before.ts";
import type { SourceStore } from "../../../src/pipeline/ports.ts";
import { textLost } from "../../../src/pipeline/text-lost.ts";
import type { AssetRecord } from "../../../src/publish/asset-record.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { aRecord } from "../../helpers/records.ts";
import { aRemoteRecord } from "../../helpers/remote-records.ts";

const remote = aRemoteRecord();
const { assetPath, sourceId } = remote.admitted;
const entry = (language: string) => ({ id: `t-${language}`, language, name: language, forced: false, sourceHash: `hash-${language}` });

/** The published asset, with text in these languages. */
const published = (languages: readonly string[], id: string = sourceId): AssetRecord =>
  aRecord({ assetPath, source: { id, sizeBytes: 1000 }, text: languages.map(entry) });

interface World {
  /** Keys of the upload bucket; undefined when it does not answer. */
  readonly uploads?: readonly string[] | undefined;
  readonly record?: AssetRecord;
}

async function lost(world: World, signal = new AbortController().signal) {
  const { uploads, record } = { uploads: ["films/one.mp4", "films/one.en.srt"], ...world };
  const store = memoryStore();
  const headers = { contentType: "", cacheControl: "" };
  if (record) await store.writeText({ key: `${assetPath}/asset.json`, text: JSON.stringify(record), headers });
  const sources: SourceStore = {
    head: async () => Promise.reject(new Error("not asked for")),
    download: async () => Promise.reject(new Error("not asked for")),
    list: async () => uploads?.map((key) => ({ key, sizeBytes: 1, etag: "e" })) ?? Promise.reject(new Error("no answer")),
  };
  return textLost(remote, { sources, published: store }, signal);
}

describe("textLost", () => {
  test("names what lies beside the source", async () => {
    expect((await lost({})).ids).toStrictEqual(["text_lost:t-en"]);
    expect((await lost({ uploads: ["films/one.mp4"] })).ids).toStrictEqual([]);
  });

  test("names what was attached to the same source, once if its file lies beside it, and of no other source", async () => {
    expect((await lost({ record: published(["en", "sv"]) })).ids).toStrictEqual(["text_lost:t-en", "text_lost:t-sv"]);
    expect((await lost({ record: published(["en", "sv"], "another") })).ids).toStrictEqual(["text_lost:t-en"]);
  });

  test("lets a publish see what was attached after it had looked", async () => {
    const { attached = new Set<string>() } = await lost({ record: published(["en"]) });
    expect(() => spareAttached(published(["en"]), sourceId, attached)).not.toThrow();
    expect(() => spareAttached(published(["en", "sv"]), sourceId, attached)).toThrow(/were attached/);
  });

  test("is ended by an abort, and by nothing else", async () => {
    expect((await lost({ uploads: undefined })).ids).toStrictEqual(["text_lost:sidecars"]);
    const stop = new AbortController();
    stop.abort(new Error("stopping"));
    await expect(lost({ uploads: undefined }, stop.signal)).rejects.toThrow("stopping");
  });
});
