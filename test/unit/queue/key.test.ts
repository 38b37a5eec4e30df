import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeS3Key, isObjectKey } from "../../../src/queue/key.ts";

/** How S3 writes a key into an event: percent-encoded UTF-8 with "/" kept and a space as "+". */
const encodeS3 = (key: string): string =>
  encodeURIComponent(key)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%2F", "/")
    .replaceAll("%20", "+");

describe("decodeS3Key", () => {
  test("bad input 22: gives back every key S3 can hold", () => {
    const keys = fc.string({ unit: "binary", minLength: 1, maxLength: 1024 }).filter(isObjectKey);
    const roundTrip = fc.property(keys, (key) => decodeS3Key(encodeS3(key)) === key);
    expect(() => fc.assert(roundTrip)).not.toThrow();
  });

  test("gives back a key of 1024 bytes of emoji", () => {
    const key = "\u{1F3AC}".repeat(256);
    expect(decodeS3Key(encodeS3(key))).toBe(key);
  });

  test.each([
    ["a%2Bb+c%252B.mp4", "a+b c%2B.mp4"],
    ["noog+nork", "noog nork"],
    ["noog%2bnork", "noog+nork"],
    ["../../x", "../../x"],
    ["a//b", "a//b"],
    ["%00%0D%0A%1B%5B2J", "\0\r\n\u001B[2J"],
    ["concat:x", "concat:x"],
  ])("reads %j as %j", (encoded, key) => {
    expect(decodeS3Key(encoded)).toBe(key);
  });

  test.each(["%zz", "%", "%f", "%ff", "%C3%28", "%ED%A0%80", "\uD800", ""])("bad input 23: refuses %j", (encoded) => {
    expect(decodeS3Key(encoded)).toBeUndefined();
  });

  test("refuses more than 1024 bytes", () => {
    expect(decodeS3Key("a".repeat(1025))).toBeUndefined();
    expect(decodeS3Key("%41".repeat(1025))).toBeUndefined();
  });
});
