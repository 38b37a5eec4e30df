import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { verifyOutputs } from "../../../../src/engines/elastic-transcoder/outputs.ts";

const FIXTURES = new URL("../../../fixtures/remote/elastic-transcoder/", import.meta.url);
const PICTURES = ["hls-v240_v4.m3u8", "hls-v432_v4.m3u8"];
const SOUNDS = ["hls-a_v4.m3u8"];
const EXPECTED = { durationSeconds: 14, pictures: PICTURES, sounds: SOUNDS, others: ["dash-v360", "hls-v240_iframe.m3u8"] };

/** What the service writes for two pictures and one sound. */
function written() {
  const texts = new Map([...PICTURES, ...SOUNDS].map((name) => [name, readFileSync(new URL(name, FIXTURES), "utf8")]));
  const media: readonly (readonly [string, number])[] = [
    ["hls-v240.ts", 188 * 230],
    ["hls-v432.ts", 188 * 460],
    ["hls-a.ts", 188 * 70],
  ];
  return { texts, sizes: new Map([...media, ...EXPECTED.others.map((name) => [name, 100] as const)]) };
}

describe("the outputs of Elastic Transcoder", () => {
  test("are taken as it writes them", () => {
    expect(() => verifyOutputs(EXPECTED, written())).not.toThrow();
  });

  test.each<[string, (destination: ReturnType<typeof written>) => unknown, string, RegExp]>([
    ["a playlist is missing", ({ texts }) => texts.delete("hls-a_v4.m3u8"), "output_incomplete", /hls-a_v4.m3u8 is missing/],
    ["a file is missing", ({ sizes }) => sizes.delete("dash-v360"), "output_incomplete", /dash-v360 is missing/],
    ["media is shorter than its playlist", ({ sizes }) => sizes.set("hls-v240.ts", 188 * 200), "output_incomplete", /43240/],
    ["a playlist is cut off", ({ texts }) => edit(texts, /#EXT-X-ENDLIST\n/, ""), "output_incomplete", /no whole playlist/],
    [
      "a range is left out",
      ({ texts }) => edit(texts, /BYTERANGE:16920@18800/, "BYTERANGE:16920@18801"),
      "output_incomplete",
      /from its begin/,
    ],
    ["a playlist leads out", ({ texts }) => edit(texts, /hls-v240\.ts/, "../hls-v240.ts"), "output_incomplete", /out of the revision/],
    [
      "a rendition is too short",
      ({ texts }) => edit(texts, /EXTINF:2.0/, "EXTINF:1.0"),
      "output_incomplete",
      /lasts 13.000 s, not 14.000 s/,
    ],
    [
      "pictures are cut apart",
      ({ texts }) => edit(texts, /EXTINF:6([^]*)EXTINF:6/, "EXTINF:5$1EXTINF:7"),
      "output_misaligned",
      /not cut like/,
    ],
  ])("are refused when %s", (_name, damage, ...[code, message]) => {
    const destination = written();
    damage(destination);
    expect(() => verifyOutputs(EXPECTED, destination)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });
});

function edit(texts: Map<string, string>, pattern: RegExp, replacement: string): void {
  const before = texts.get("hls-v240_v4.m3u8") ?? "";
  const after = before.replace(pattern, replacement);
  expect(after).not.toBe(before);
  texts.set("hls-v240_v4.m3u8", after);
}
