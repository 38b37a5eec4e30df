import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { languageTag, safeTitle } from "../../../src/media/labels.ts";

describe("languageTag", () => {
  test.each([
    ["eng", "en"],
    ["ger", "de"],
    ["deu", "de"],
    ["fre", "fr"],
    ["chi", "zh"],
    ["en-us", "en-US"],
    ["zh-hant-tw", "zh-Hant-TW"],
    ["und", "und"],
    ["", "und"],
    [undefined, "und"],
    ["English", "und"],
    ["en_US", "und"],
    ['en"\n#EXT-X-KEY', "und"],
    ["../x", "und"],
    ["e", "und"],
  ])("makes %j %s", (value, tag) => {
    expect(languageTag(value)).toBe(tag);
  });

  test("lets nothing through that is not a tag", () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(languageTag(value)).toMatch(/^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{2,8})*$/);
      }),
    );
  });
});

describe("safeTitle", () => {
  test.each([
    ["Director's cut", "Director's cut"],
    ['a\n#EXT-X-KEY:METHOD=NONE,URI="http://x"', "a #EXT-X-KEY:METHOD=NONE,URI= http://x"],
    ["<b>&amp;", "b amp;"],
    ["  a \t b  ", "a b"],
    ["\u001b[31mred", "[31mred"],
    ["\u202eflipped", "flipped"],
    ["日本語", "日本語"],
    ["", undefined],
    [' \n" ', undefined],
    [undefined, undefined],
  ])("makes %j %j", (value, title) => {
    expect(safeTitle(value)).toBe(title);
  });

  test("is one line of at most 80 characters without quotes or markup, whatever the file says", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (value) => {
        const title = safeTitle(value);
        if (title === undefined) return;
        expect([...title].length).toBeLessThanOrEqual(80);
        expect(title).toBe(title.trim());
        expect(title).not.toMatch(/["<>&\\\p{C}\n\r]/u);
      }),
    );
  });
});
