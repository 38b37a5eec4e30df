import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeText, readTextFile } from "../../../src/packaging/read-text.ts";
import { parseCues, wholeText } from "../../../src/packaging/webvtt.ts";
import { outcomeOf } from "../../helpers/outcome.ts";

const bytesOf = (text: string): Buffer => Buffer.from(text, "utf8");
const textsOf = (file: string): readonly string[] => readTextFile(bytesOf(file)).map(({ text }) => text);
/** A SubRip file of one cue. */
const oneCue = (text: string): string => `1\n00:00:01,000 --> 00:00:02,000\n${text}\n`;

describe("readTextFile of SubRip", () => {
  test("reads numbered cues with commas, CRLF and a byte order mark", () => {
    const file = "\uFEFF1\r\n00:00:01,000 --> 00:00:02,500\r\nHej\r\ndär\r\n\r\n2\r\n01:00:03,000 --> 01:00:04,000\r\nSen\r\n";
    expect(readTextFile(bytesOf(file))).toEqual([
      { startSeconds: 1, endSeconds: 2.5, settings: "", text: "Hej\ndär" },
      { startSeconds: 3603, endSeconds: 3604, settings: "", text: "Sen" },
    ]);
  });

  test.each([
    ["no hours", "1\n00:01,500 --> 00:02,000\nx\n", 1.5],
    ["one digit of hours", "1\n0:00:01,500 --> 0:00:02,000\nx\n", 1.5],
    ["no index lines", "00:00:01,500 --> 00:00:02,000\nx\n", 1.5],
    ["full stops", "1\n00:00:01.500 --> 00:00:02.000\nx\n", 1.5],
    ["no fraction", "1\n00:00:01 --> 00:00:02\nx\n", 1],
    ["tight arrows", "1\n00:00:01,500-->00:00:02,000\nx\n", 1.5],
    ["coordinates after the times", "1\n00:00:01,500 --> 00:00:02,000  X1:40 X2:600 Y1:20 Y2:50\nx\n", 1.5],
    ["old Mac line ends", "1\r00:00:01,500 --> 00:00:02,000\rx\r", 1.5],
  ])("takes %s", (_what, file, startSeconds) => {
    expect(readTextFile(bytesOf(file))).toEqual([{ startSeconds, endSeconds: 2, settings: "", text: "x" }]);
  });

  test("keeps what follows an empty line inside a cue and parts cues that no empty line parts", () => {
    const file = "1\n00:00:01,000 --> 00:00:02,000\nA\n\nB\n2\n00:00:03,000 --> 00:00:04,000\nC\n3\n00:00:05,000 --> 00:00:06,000\nD\n";
    expect(textsOf(file)).toEqual(["A\nB", "C", "D"]);
  });

  test("puts what an {\\an8} asks for at the top", () => {
    expect(readTextFile(bytesOf(oneCue("{\\an8}Up")))).toMatchObject([{ settings: "line:0", text: "Up" }]);
  });
});

describe("what becomes of a cue's text", () => {
  test.each([
    ["<b>bold</b> <I>it</I> <u>u</u>", "<b>bold</b> <i>it</i> <u>u</u>"],
    ['<font color="#ff0000">red</font>', "red"],
    ["<script>alert(1)</script>", "alert(1)"],
    ["<img src=x onerror=alert(1)>", ""],
    ["<b onclick=alert(1)>x</b>", "x</b>"],
    ["a < b > c & d", "a &lt; b &gt; c &amp; d"],
    ["&lt;kept&gt; &#39; &nbsp;", "&lt;kept&gt; &#39; &nbsp;"],
    ["{\\i1}x{\\i0}", "x"],
    ["00:03.000 --> 00:04.000 x", "00:03.000 → 00:04.000 x"],
    ["a\u0000b\u2028c", "abc"],
    ["#EXT-X-ENDLIST", "#EXT-X-ENDLIST"],
  ])("%s", (written, shown) => {
    const read = outcomeOf(() => textsOf(oneCue(`${written}\nend`)));
    expect(read).toEqual({ value: [shown === "" ? "end" : `${shown}\nend`] });
  });

  test("keeps the voices, classes and settings of WebVTT, and no other setting", () => {
    const file =
      "WEBVTT\n\n00:01.000 --> 00:02.000 line:90% align:start region:x evil:1\n<v.loud Ann O'Neil>Hi <c.yellow><00:01.500>you</c></v>\n";
    expect(readTextFile(bytesOf(file))).toMatchObject([
      { settings: "line:90% align:start", text: "<v.loud Ann O'Neil>Hi <c.yellow>you</c></v>" },
    ]);
  });

  test("never leaves a way to begin a cue or a block, and reads back as it was written", () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom("-->", "\n\n", "\r", "<", ">", "&", "NOTE", "WEBVTT", "<b>", "</c>", "{\\an8}", "1\n"),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const read = outcomeOf(() => readTextFile(bytesOf(`WEBVTT\n\n00:01.000 --> 00:02.000\n${pieces.join("")}`)));
        if ("error" in read) return;
        for (const { text } of read.value) expect(text).not.toMatch(/-->|\n\n|\r|<(?!\/?(?:b|i|u|ruby|rt|c|v|lang)[ .>])/);
        expect(parseCues(wholeText(read.value))).toEqual(read.value);
      }),
    );
  });
});

describe("decodeText", () => {
  const text = "1\n00:00:01,000 --> 00:00:02,000\nÅ är – “så”\n";

  test("reads UTF-8, UTF-16 with and without a mark, and Windows-1252 where it is no UTF-8", () => {
    const little = Buffer.from(text, "utf16le");
    const big = Buffer.from(little).swap16();
    const western = Buffer.from(
      Array.from(text, (character) => ({ "–": 0x96, "“": 0x93, "”": 0x94 })[character] ?? character.codePointAt(0) ?? 0),
    );
    const encoded = {
      utf8: bytesOf(text),
      utf8Marked: bytesOf(`\uFEFF${text}`),
      little,
      littleMarked: Buffer.concat([Buffer.from([0xff, 0xfe]), little]),
      big,
      bigMarked: Buffer.concat([Buffer.from([0xfe, 0xff]), big]),
      western,
    };
    expect(Object.entries(encoded).map(([name, bytes]) => [name, decodeText(bytes)])).toEqual(
      Object.keys(encoded).map((name) => [name, text]),
    );
  });
});

describe("readTextFile refuses", () => {
  const many = `WEBVTT\n\n${"00:01.000 --> 00:02.000\nx\n\n".repeat(43_201)}`;
  test.each([
    ["nothing at all", Buffer.alloc(0), "source_empty"],
    ["more than 4 MiB", Buffer.alloc(4 * 1024 * 1024 + 1, "a"), "source_too_large"],
    ["a text without a cue", bytesOf("WEBVTT\n\nNOTE nothing here\n"), "source_not_media"],
    ["a picture", Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 1, 2, 3]), "source_not_media"],
    ["cues that end before they begin", bytesOf("1\n00:00:02,000 --> 00:00:01,000\nx\n"), "source_not_media"],
    ["more cues than anybody reads", bytesOf(many), "source_limits"],
  ])("%s", (_what, bytes, code) => {
    expect(outcomeOf(() => readTextFile(bytes))).toHaveProperty("error.code", code);
  });

  test("arbitrary bytes with a rejection or cues, never with another error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const read = outcomeOf(() => readTextFile(bytes));
        expect("value" in read || String(Reflect.get(Object(read.error), "code")).startsWith("source_")).toBe(true);
      }),
    );
  });
});
