import { describe, expect, test } from "vitest";
import { findTarget } from "../../../src/pipeline/find-target.ts";
import type { SourceStore } from "../../../src/pipeline/ports.ts";
import { assetPathOf, sourceId } from "../../../src/publish/identity.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { aRecord } from "../../helpers/records.ts";

const { signal } = new AbortController();
const headers = { contentType: "", cacheControl: "" };
const PLAIN = "{key without extension}";
const track = (language: string) => ({ language, forced: false, sdh: false });

interface World {
  /** Keys of the upload bucket. */
  readonly uploads: readonly string[];
  /** Sources that are published where the template says. */
  readonly published: readonly string[];
  readonly template?: string;
  readonly record?: Readonly<Record<string, unknown>>;
}

async function target(key: string, { uploads, published, template = PLAIN, record = { width: 320 } }: World) {
  const store = memoryStore();
  for (const source of published) {
    const assetPath = `out/${assetPathOf(template, { bucket: "uploads", key: source })}`;
    const id = sourceId({ bucket: "uploads", key: source }, "etag");
    const text = JSON.stringify({ ...aRecord({ assetPath, source: { id, sizeBytes: 1 } }), ...record });
    await store.writeText({ key: `${assetPath}/asset.json`, text, headers });
  }
  const sources: SourceStore = {
    head: async () => Promise.reject(new Error("not asked for")),
    download: async () => Promise.reject(new Error("not asked for")),
    list: async ({ prefix }) => uploads.filter((name) => name.startsWith(prefix)).map((name) => ({ key: name, sizeBytes: 1, etag: "e" })),
  };
  const settings = { publishPrefix: "out/", assetPathTemplate: template, workDir: "" };
  return findTarget({ bucket: "uploads", key }, { sources, published: store, settings }, signal);
}

describe("findTarget", () => {
  test.each([
    { what: "a film", key: "d/film.de.srt", source: "d/film.mp4", assetPath: "out/d/film", language: "de" },
    { what: "a film with dots", key: "a.b.2019.srt", source: "a.b.2019.mov", assetPath: "out/a.b.2019", language: "und" },
    { what: "a film without extension", key: "film.sv.vtt", source: "film", assetPath: "out/film", language: "sv" },
  ])("finds the asset of $what", async ({ key, source, assetPath, language }) => {
    expect(await target(key, { uploads: [key, source], published: [source] })).toEqual({ assetPath, track: track(language) });
  });

  test("finds the asset of a source that is gone from its bucket", async () => {
    const found = { assetPath: "out/film", track: track("de") };
    expect(await target("film.de.srt", { uploads: ["film.de.srt"], published: ["film.mov"] })).toEqual(found);
  });

  test("finds the asset by any template over the key", async () => {
    const world = { uploads: ["film.mov", "film.de.srt"], published: ["film.mov"], template: "{bucket}/{key}" };
    expect(await target("film.de.srt", world)).toEqual({ assetPath: "out/uploads/film.mov", track: track("de") });
  });

  test("prefers the source with the longest name", async () => {
    const uploads = ["my.mp4", "my.en.mp4", "my.en.srt"];
    expect(await target("my.en.srt", { uploads, published: ["my.mp4", "my.en.mp4"] })).toEqual({
      assetPath: "out/my.en",
      track: track("und"),
    });
    expect(await target("my.en.srt", { uploads, published: ["my.mp4"] })).toBeUndefined();
    expect(await target("my.en.srt", { uploads: ["my.mp4"], published: ["my.mp4"] })).toEqual({ assetPath: "out/my", track: track("en") });
  });

  test.each([
    { what: "nothing is published", world: { uploads: ["film.mp4"], published: [] } },
    { what: "the path is another source's", world: { uploads: ["film.mp4"], published: ["film.mov"] } },
    { what: "what is published is sound alone", world: { uploads: ["film.mp4"], published: ["film.mp4"], record: {} } },
  ])("finds nothing when $what", async ({ world }) => {
    expect(await target("film.de.srt", world)).toBeUndefined();
  });
});
