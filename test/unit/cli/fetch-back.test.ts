import { describe, expect, it } from "vitest";
import { fetchBack } from "../../../src/cli/fetch-back.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { aRecord } from "../../helpers/records.ts";

const { signal } = new AbortController();
const record = aRecord();
const base = `r/${record.revision}/`;
const headers = { contentType: "x", cacheControl: "x" };

/** A published asset with one rendition of one segment. */
async function published() {
  const store = memoryStore();
  const texts = {
    "asset.json": JSON.stringify(record),
    "index.m3u8": `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${base}v240/index.m3u8\n`,
    "index.mpd": `<MPD><BaseURL>${base}</BaseURL></MPD>`,
    [`${base}v240/index.m3u8`]: '#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:2,\n00001.m4s\n',
    [`${base}v240/init.mp4`]: "init",
    [`${base}v240/00001.m4s`]: "segment",
  };
  for (const [name, text] of Object.entries(texts)) await store.writeText({ key: `${record.assetPath}/${name}`, text, headers });
  return store;
}

describe("fetching an asset back", () => {
  it("counts the objects of its revision", async () => {
    expect(await fetchBack(await published(), record.assetPath, signal)).toBe(3);
  });

  it("waits for pointers, which come after the record", async () => {
    const store = await published();
    const late = new Map([
      ["index.m3u8", 1],
      ["index.mpd", 2],
    ]);
    const readText: typeof store.readText = async (key) => {
      const name = key.slice(record.assetPath.length + 1);
      const left = late.get(name) ?? 0;
      late.set(name, left - 1);
      return left > 0 ? undefined : store.readText(key);
    };
    expect(await fetchBack({ ...store, readText }, record.assetPath, signal)).toBe(3);
  });

  it("fails for a segment that is gone, and for one that is shorter than it is listed", async () => {
    const gone = await published();
    await gone.remove([`${record.assetPath}/${base}v240/00001.m4s`]);
    await expect(fetchBack(gone, record.assetPath, signal)).rejects.toMatchObject({ code: "output_incomplete" });
    const short = await published();
    const list: typeof short.list = async (prefix) =>
      (await short.list(prefix)).map(({ key, sizeBytes }) => ({ key, sizeBytes: sizeBytes + 1 }));
    await expect(fetchBack({ ...short, list }, record.assetPath, signal)).rejects.toThrow("listed are");
  });
});
