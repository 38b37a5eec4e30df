import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { withoutKey } from "../../../src/domain/encryption.ts";
import { parseContentKey } from "../../../src/keys/content-key.ts";
import { KEY, KEY_ID, aKey } from "../../helpers/encryption.ts";

const UUID = "00112233-4455-6677-8899-AABBCCDDEEFF";

describe("parseContentKey", () => {
  test.each([
    ["JSON", JSON.stringify({ keyId: KEY_ID, key: KEY })],
    ["JSON with more in it, on lines", `\n{ "keyId": "${KEY_ID}",\n "key": "${KEY}", "expires": 1 }\n`],
    ["a UUID as key id, in capitals", JSON.stringify({ keyId: UUID, key: KEY.toUpperCase() })],
    ["two numbers", `${KEY_ID}:${KEY}\n`],
  ])("reads %s", (_what, text) => {
    const key = parseContentKey(text);
    expect({ keyId: key?.keyId, key: key?.reveal() }).toEqual({ keyId: KEY_ID, key: KEY });
  });

  test.each([
    ["nothing", ""],
    ["a key without its id", JSON.stringify({ key: KEY })],
    ["a key alone", KEY],
    ["a short key", `${KEY_ID}:${KEY.slice(1)}`],
    ["a key of other letters", `${KEY_ID}:${KEY.replace("8", "g")}`],
    ["three numbers", `${KEY_ID}:${KEY}:${KEY}`],
    ["half a JSON", `{"keyId": "${KEY_ID}", "key"`],
    ["a list", "[]"],
  ])("does not take %s for a key", (_what, text) => {
    expect(parseContentKey(text)).toBeUndefined();
  });

  test("gives a key that shows itself to nobody who prints it", () => {
    const key = parseContentKey(`${KEY_ID}:${KEY}`);
    expect(JSON.stringify({ key })).not.toContain(KEY);
    expect(inspect({ key }, { depth: null, showHidden: true })).not.toContain(KEY);
  });
});

describe("withoutKey", () => {
  test("takes the key out in any case, and leaves the rest", () => {
    expect(withoutKey(`bad flag ${KEY.toUpperCase()} (${KEY}) of ${KEY_ID}`, aKey)).toBe(`bad flag [key] ([key]) of ${KEY_ID}`);
  });

  test("leaves a text alone when there is no key", () => {
    expect(withoutKey(`so ${KEY}`, undefined)).toBe(`so ${KEY}`);
  });
});
