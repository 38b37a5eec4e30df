import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sidecarReadings, sidecarsOf } from "../../../src/media/sidecar-key.ts";

const plain = (language: string) => ({ language, forced: false, sdh: false });

describe("sidecarReadings", () => {
  test.each([
    ["dir/film.sv.srt", "dir/film", plain("sv")],
    ["film.srt", "film", plain("und")],
    ["film.VTT", "film", plain("und")],
    ["a.b.c.eng.vtt", "a.b.c", plain("en")],
    ["film.pt_BR.srt", "film", plain("pt-BR")],
    ["film.zh-hant-tw.srt", "film", plain("zh-Hant-TW")],
    ["film.sv.forced.srt", "film", { language: "sv", forced: true, sdh: false }],
    ["film.en.SDH.vtt", "film", { language: "en", forced: false, sdh: true }],
    ["film.en.cc.forced.vtt", "film", { language: "en", forced: true, sdh: true }],
    ["film.forced.srt", "film", { language: "und", forced: true, sdh: false }],
    ["[1080p] *film?.de.srt", "[1080p] *film?", plain("de")],
    ["d.ir/film.de.srt", "d.ir/film", plain("de")],
  ])("%s lies beside %s", (key, stem, track) => {
    expect(sidecarReadings(key)).toContainEqual({ stem, track });
  });

  test("offers the longest name first", () => {
    expect(sidecarReadings("my.film.en.srt").map(({ stem }) => stem)).toEqual(["my.film.en", "my.film"]);
  });

  test.each(["film.mp4", "film.srt.mp4", "film.2019.srt/x", ".srt", "dir/.srt", "film.swedish.srt"])(
    "%s is beside no film of a shorter name",
    (key) => {
      expect(sidecarReadings(key).map(({ stem }) => stem)).not.toContain("film");
    },
  );

  test("never reads a name out of the folder or an empty one", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "en", ".", "/", "sdh", "forced", "-", "_") }), (name) => {
        for (const { stem, track } of sidecarReadings(`${name}.srt`)) {
          expect(`${name}.srt`.startsWith(`${stem}.`)).toBe(true);
          expect(stem.endsWith("/") || stem === "").toBe(false);
          expect(track.language).toMatch(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/);
        }
      }),
    );
  });
});

describe("sidecarsOf", () => {
  const of = (source: string, ...keys: readonly string[]): readonly string[] => sidecarsOf(source, [source, ...keys]).map(({ key }) => key);

  test("finds the files beside a source and no others", () => {
    const keys = [
      "dir/film.en.vtt",
      "dir/film.srt",
      "dir/film.jpg",
      "dir/film.part2.srt",
      "dir/film.trailer.mp4",
      "dir/film.trailer.en.srt",
    ];
    expect(of("dir/film.mp4", ...keys)).toEqual(["dir/film.en.vtt", "dir/film.srt"]);
    expect(of("dir/film.trailer.mp4", "dir/film.mp4", ...keys)).toEqual(["dir/film.trailer.en.srt"]);
  });

  test("gives a file to the source with the longest name that it begins with", () => {
    expect(of("my.mp4", "my.en.mp4", "my.en.srt", "my.de.srt")).toEqual(["my.de.srt"]);
    expect(of("my.en.mp4", "my.mp4", "my.en.srt", "my.de.srt")).toEqual(["my.en.srt"]);
    expect(of("my.mp4", "my.en.srt")).toEqual(["my.en.srt"]);
  });

  test("takes one file a language and kind, WebVTT before SubRip", () => {
    expect(of("a.mp4", "a.eng.srt", "a.en.vtt", "a.en.forced.srt")).toEqual(["a.en.vtt", "a.en.forced.srt"]);
  });
});
