import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isOfService, isSpare, readManifests, verifyNamed } from "../../../../src/engines/elastic-transcoder/collect.ts";

const FIXTURES = new URL("../../../fixtures/remote/elastic-transcoder/", import.meta.url);
const BASE = "r/20261123T040000-ab12/";
const I_FRAMES = [
  "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:6\n#EXT-X-I-FRAMES-ONLY",
  "#EXTINF:6,\n#EXT-X-BYTERANGE:1880@0\nNAME.ts\n#EXTINF:8,\n#EXT-X-BYTERANGE:1880@18800\nNAME.ts\n#EXT-X-ENDLIST\n",
].join("\n");

/** What the service writes for two pictures and one sound, by HLS, and for one of each by DASH. */
function written() {
  const names = ["index-hls.m3u8", "index-dash.mpd", "hls-v240_v4.m3u8", "hls-v432_v4.m3u8", "hls-a_v4.m3u8"];
  const texts = new Map(names.map((name) => [name, readFileSync(new URL(name, FIXTURES), "utf8")]));
  for (const id of ["hls-v240", "hls-v432"]) texts.set(`${id}_iframe.m3u8`, I_FRAMES.replaceAll("NAME", id));
  const sizes = new Map([...texts].map(([name, text]) => [name, text.length]));
  const media = { "hls-v240.ts": 188 * 230, "hls-v432.ts": 188 * 460, "hls-a.ts": 188 * 70, "dash-v360": 100, "dash-a": 100 };
  for (const [name, size] of Object.entries(media)) sizes.set(name, size);
  return { texts, sizes };
}
type Written = ReturnType<typeof written>;

const KEYS = ["hls-v240", "hls-v432", "hls-a", "dash-v360", "dash-a"];
const asked = (keys: readonly string[] = KEYS) => ({
  durationSeconds: 14,
  hasSound: true,
  told: { playlists: [], renditions: keys.map((key) => ({ name: `films/a/${BASE}${key}` })), warnings: [] },
});
const verify = (destination: Written, wish = asked()): void => verifyNamed(readManifests(destination.texts, BASE), wish, destination);

describe("what Elastic Transcoder wrote", () => {
  test("is what its manifests lead to", () => {
    expect(readManifests(written().texts, BASE)).toMatchObject({
      manifests: {
        hls: expect.stringContaining(`\n${BASE}hls-v240_v4.m3u8\n`),
        dash: expect.stringContaining(`<BaseURL>${BASE}</BaseURL>`),
      },
      pictures: ["hls-v240_v4.m3u8", "hls-v432_v4.m3u8"],
      sounds: ["hls-a_v4.m3u8"],
      iFrames: ["hls-v240_iframe.m3u8", "hls-v432_iframe.m3u8"],
      files: ["dash-v360", "dash-a"],
    });
  });

  test("is taken as it writes it, and with a service that tells less", () => {
    expect(() => {
      verify(written());
      verify(written(), asked([]));
    }).not.toThrow();
  });

  test.each<[string, (destination: Written) => unknown, RegExp]>([
    ["the multivariant playlist is missing", ({ texts }) => texts.delete("index-hls.m3u8"), /manifest is missing/],
    ["the MPD is missing", ({ texts }) => texts.delete("index-dash.mpd"), /manifest is missing/],
    ["a manifest names what is ours", ({ texts }) => edit(texts, "index-dash.mpd", [">dash-a<", ">v240/init.mp4<"]), /v240\/init.mp4/],
    ["a manifest leaves a file out", ({ texts }) => edit(texts, "index-dash.mpd", [">dash-a<", ">dash-v360<"]), /names dash-a/],
    ["a manifest leaves a picture out", ({ texts }) => edit(texts, "index-hls.m3u8", ["\nhls-v432_v4", "\nhls-v240_v4"]), /names hls-v432/],
    ["a file is missing", ({ sizes }) => sizes.delete("dash-v360"), /dash-v360 is missing/],
    ["media is shorter than its playlist", ({ sizes }) => sizes.set("hls-v240.ts", 188), /has 188 bytes/],
    ["an I-frame playlist is missing", ({ texts }) => texts.delete("hls-v240_iframe.m3u8"), /hls-v240_iframe.m3u8 is missing/],
    [
      "an I-frame playlist is cut off",
      ({ texts }) => edit(texts, "hls-v240_iframe.m3u8", ["#EXT-X-ENDLIST", ""]),
      /hls-v240_iframe.m3u8 is missing, or no whole/,
    ],
    [
      "an I-frame is behind the end of its file",
      ({ texts }) => edit(texts, "hls-v240_iframe.m3u8", ["1880@18800", "1880@43200"]),
      /not in hls-v240.ts/,
    ],
    ["an I-frame is nowhere", ({ texts }) => edit(texts, "hls-v240_iframe.m3u8", ["1880@18800", "x@y"]), /not in hls-v240.ts/],
    ["an I-frame has no range", ({ texts }) => edit(texts, "hls-v240_iframe.m3u8", ["#EXT-X-BYTERANGE:1880@0\n", ""]), /not in hls-v240/],
  ])("is refused when %s", (_what, damage, message) => {
    const destination = written();
    damage(destination);
    expect(() => verify(destination)).toThrow(
      expect.objectContaining({ code: "output_incomplete", message: expect.stringMatching(message) }),
    );
  });

  test("is refused without the sound that was asked for", () => {
    const destination = written();
    edit(destination.texts, "index-hls.m3u8", [/#EXT-X-MEDIA.*\n/, ""]);
    expect(() => verify(destination, asked([]))).toThrow(/names no sound/);
    expect(() => verify(destination, { ...asked([]), hasSound: false })).not.toThrow();
  });

  test("is told from what is ours by its name, and what is spare from what is played", () => {
    const media = ["hls-v240.ts", "hls-v240_v4.m3u8", "dash-v360"];
    const spare = ["index-hls.m3u8", "index-dash.mpd", "thumbnail-00001.png"];
    const ours = ["pointer.m3u8", "asset.json", "v240/index.m3u8", "hls-v240/1.m4s", "poster.jpg"];
    expect([...media, ...spare, ...ours].filter(isOfService)).toStrictEqual([...media, ...spare]);
    expect([...media, ...spare, ...ours].filter(isSpare)).toStrictEqual(spare);
  });
});

function edit(texts: Map<string, string>, name: string, [pattern, replacement]: readonly [string | RegExp, string]): void {
  const before = texts.get(name) ?? "";
  const after = before.replace(pattern, replacement);
  expect(after).not.toBe(before);
  texts.set(name, after);
}
