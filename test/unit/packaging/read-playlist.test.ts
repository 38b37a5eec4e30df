import { describe, expect, test } from "vitest";
import { nameOfUri } from "../../../src/packaging/own-uri.ts";
import { readMediaPlaylist } from "../../../src/packaging/read-playlist.ts";

const lines = (...rest: readonly string[]): string => ["#EXTM3U", ...rest, ""].join("\n");

describe("a media playlist of somebody else", () => {
  test("gives its init section and its segments in order", () => {
    const text = lines('#EXT-X-MAP:URI="i,nit.mp4"', "#EXTINF:6.006,title", "a.cmfv", "", "#EXTINF:2,", "b.cmfv", "#EXT-X-ENDLIST");
    expect(readMediaPlaylist(text.replaceAll("\n", "\r\n"))).toStrictEqual({
      map: "i,nit.mp4",
      segments: [
        { uri: "a.cmfv", seconds: 6.006 },
        { uri: "b.cmfv", seconds: 2 },
      ],
      isEnded: true,
    });
  });

  test("of byte ranges has each begin where it says, or where the one before ends", () => {
    const text = lines("#EXTINF:6,", "#EXT-X-BYTERANGE:100@20", "a.ts", "#EXT-X-BYTERANGE:50", "#EXTINF:6,", "a.ts");
    expect(readMediaPlaylist(text)?.segments.map(({ range }) => range)).toStrictEqual([
      { bytes: 100, offset: 20 },
      { bytes: 50, offset: 120 },
    ]);
    expect(readMediaPlaylist(text)?.isEnded).toBe(false);
  });

  test.each([
    ["another text", "<html>"],
    ["an empty text", ""],
    ["a segment without a duration", lines("a.ts")],
    ["a duration that is no number", lines("#EXTINF:long,", "a.ts")],
    ["two init sections", lines('#EXT-X-MAP:URI="a"', "#EXTINF:1,", "a", '#EXT-X-MAP:URI="b"', "#EXTINF:1,", "b")],
  ])("is not read from %s", (_name, text) => {
    expect(readMediaPlaylist(text)).toBeUndefined();
  });
});

describe("a URI inside the revision", () => {
  test.each([
    ["index_v240.m3u8", "index.m3u8", "index_v240.m3u8"],
    ["./a%20b.ts", "hls/index.m3u8", "hls/a b.ts"],
    ["../a.ts", "hls/index.m3u8", "a.ts"],
  ])("%s of %s is the object %s", (uri, name, object) => {
    expect(nameOfUri(uri, name)).toBe(object);
  });

  test.each([
    "",
    ".",
    "..",
    "../a.ts",
    "a/../../b",
    "/a.ts",
    "//host/a.ts",
    "https://host/a",
    "a.ts?x=1",
    "a#b",
    "%2e%2e/a",
    "%",
    "a%00",
    "a/",
  ])("is not %j", (uri) => {
    expect(nameOfUri(uri, "index.m3u8")).toBeUndefined();
  });
});
