import { describe, expect, test } from "vitest";
import { escapeControls, oneLine } from "../../../src/state/printable.ts";

describe("text for people", () => {
  test("escapeControls writes controls, turned text and line separators out", () => {
    expect(escapeControls("a\0b\r\n\u009B\u2028\u202Ec", 100)).toBe(String.raw`a\u{0}b\u{d}\u{a}\u{9b}\u{2028}\u{202e}c`);
  });

  test("oneLine gives one line without them", () => {
    expect(oneLine(" a\n\n b\u001B[31m ", 100)).toBe("a b [31m");
  });

  test("oneLine never gives an empty text, which SQS would refuse", () => {
    expect(oneLine("\n", 100)).toBe("unknown");
  });

  test("neither cuts a character in two", () => {
    expect(oneLine("\u{1F3AC}\u{1F3AC}", 3)).toBe("\u{1F3AC}");
    expect(escapeControls("\u{1F3AC}\u{1F3AC}", 3)).toBe("\u{1F3AC}");
  });
});
