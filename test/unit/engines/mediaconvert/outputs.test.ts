import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Destination } from "../../../../src/engines/mediaconvert/outputs.ts";
import { collectRenditions, playlistName } from "../../../../src/engines/mediaconvert/outputs.ts";
import { placeCmaf } from "../../../../src/packaging/place-cmaf.ts";

const FIXTURES = new URL("../../../fixtures/remote/mediaconvert/", import.meta.url);
const RENDITIONS = ["v240", "v540", "a-und"].map((id) => ({ id, playlist: playlistName(id) }));
const NAMES = ["index_v240.m3u8", "index_v540.m3u8", "index_a-und.m3u8"];

/** What the service writes for the plan. */
function written(): Destination & { sizes: Map<string, number>; texts: Map<string, string> } {
  const texts = new Map(NAMES.map((name) => [name, readFileSync(new URL(name, FIXTURES), "utf8")]));
  const media = [...texts.values()].flatMap((text) => [...text.matchAll(/index_[\w-]+\.cmf[av]/g)].map(([name]) => name));
  return { texts, sizes: new Map([...NAMES, ...media].map((name) => [name, 100])) };
}

describe("the outputs of MediaConvert", () => {
  test("are found from its playlists, and have places in our layout", () => {
    expect(RENDITIONS.map(({ playlist }) => playlist)).toStrictEqual(NAMES);
    const found = collectRenditions(RENDITIONS, written());
    expect(found.map(({ id, segments }) => [id, segments.length])).toStrictEqual([
      ["v240", 3],
      ["v540", 3],
      ["a-und", 3],
    ]);
    expect([...placeCmaf(found)].slice(0, 3)).toStrictEqual([
      ["v240/init.mp4", "index_v240init.cmfv"],
      ["v240/00001.m4s", "index_v240_000000001.cmfv"],
      ["v240/00002.m4s", "index_v240_000000002.cmfv"],
    ]);
  });

  test.each<[string, (destination: ReturnType<typeof written>) => unknown, RegExp]>([
    ["a playlist is missing", ({ texts }) => texts.delete("index_v540.m3u8"), /index_v540.m3u8 is missing/],
    ["a segment is missing", ({ sizes }) => sizes.delete("index_v240_000000002.cmfv"), /000000002.cmfv is missing/],
    ["an init section is empty", ({ sizes }) => sizes.set("index_a-undinit.cmfa", 0), /a-undinit.cmfa is missing or empty/],
    ["a playlist is cut off", ({ texts }) => edit(texts, /#EXT-X-ENDLIST\n/, ""), /no whole playlist/],
    ["a playlist leads out of the revision", ({ texts }) => edit(texts, /index_v240_000000001/, "../../x"), /not in the revision/],
    ["a playlist leads to an object of ours", ({ texts }) => edit(texts, /index_v240_000000001/, "v240/1"), /not in the revision/],
    ["a playlist names a segment twice", ({ texts }) => edit(texts, /000000002/, "000000001"), /twice/],
    ["a playlist has no init section", ({ texts }) => edit(texts, /#EXT-X-MAP.*\n/, ""), /no init section/],
    ["a playlist has byte ranges", ({ texts }) => edit(texts, /#EXTINF/, "#EXT-X-BYTERANGE:1@0\n#EXTINF"), /byte ranges/],
  ])("are refused when %s", (_name, damage, message) => {
    const destination = written();
    damage(destination);
    expect(() => collectRenditions(RENDITIONS, destination)).toThrow(message);
  });
});

function edit(texts: Map<string, string>, pattern: RegExp, replacement: string): void {
  const before = texts.get("index_v240.m3u8") ?? "";
  const after = before.replace(pattern, replacement);
  expect(after).not.toBe(before);
  texts.set("index_v240.m3u8", after);
}
