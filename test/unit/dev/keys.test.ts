import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeKey, encodeKey, keyToEvent, keyToPath, pathToKey } from "../../../src/cli/dev/proxy/keys.ts";

const key = fc.string({ unit: "binary", minLength: 1, maxLength: 300 });
const byBytes = (a: string, b: string): number => Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));

describe("the names of keys inside fauxqs", () => {
  it("come back as the same key", () => {
    fc.assert(fc.property(key, (value) => decodeKey(encodeKey(value)) === value));
  });

  it("are paths of letters, digits and slashes whose parts fit a file name", () => {
    fc.assert(
      fc.property(key, (value) => {
        const parts = encodeKey(value).split("/");
        return parts.every((part) => /^[0-9a-v]{2,200}$/.test(part));
      }),
    );
  });

  it("sort as S3 sorts, both by code unit and by locale", () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const [x, y] = [encodeKey(a), encodeKey(b)];
        expect(x < y ? -1 : Number(x > y)).toBe(byBytes(a, b));
        expect(Math.sign(x.localeCompare(y, "en"))).toBe(byBytes(a, b));
      }),
    );
  });

  it("keep the relation of prefix and key", () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(encodeKey(a + b).startsWith(encodeKey(a))).toBe(true);
        expect(encodeKey(b).startsWith(encodeKey(a))).toBe(Buffer.from(b).subarray(0, Buffer.byteLength(a)).equals(Buffer.from(a)));
      }),
    );
  });

  it("hold an encoded delimiter only where the key holds the delimiter", () => {
    fc.assert(fc.property(key, (value) => encodeKey(value).includes(encodeKey("/")) === value.includes("/")));
  });

  it("are told from other text", () => {
    expect(decodeKey("hello")).toBeUndefined();
    expect(decodeKey("0g")).toBeUndefined();
    expect(decodeKey("")).toBe("");
  });
});

describe("keys in URLs and events", () => {
  it("survive the path of a request", () => {
    fc.assert(fc.property(key, (value) => pathToKey(keyToPath(value)) === value));
    expect(keyToPath("../../x//a+b c%2B.mp4")).toBe("../../x//a%2Bb%20c%252B.mp4");
  });

  it("are undefined when the path is not valid UTF-8", () => {
    expect(pathToKey("%ff")).toBeUndefined();
    expect(pathToKey("%")).toBeUndefined();
  });

  it("are form-urlencoded in events, with slashes kept", () => {
    expect(keyToEvent("a/b c+d%2B é.mp4")).toBe("a/b+c%2Bd%252B+%C3%A9.mp4");
    fc.assert(fc.property(key, (value) => decodeURIComponent(keyToEvent(value).replaceAll("+", " ")) === value));
  });
});
