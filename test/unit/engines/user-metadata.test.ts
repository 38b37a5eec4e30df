import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TOKEN_KEY, userMetadata } from "../../../src/engines/user-metadata.ts";

describe("userMetadata", () => {
  test("stays within the services' limits whatever the user writes, and always has the token", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary", maxLength: 140 }), fc.string({ unit: "binary", maxLength: 270 })), (own) => {
        const pairs = Object.entries(userMetadata("claim.1", own));
        expect(pairs.length).toBeLessThanOrEqual(10);
        expect(pairs[0]).toStrictEqual([TOKEN_KEY, "claim.1"]);
        for (const [key, value] of pairs) {
          expect(key).toMatch(/^[0-9A-Za-z _.:/=+%@-]{1,128}$/);
          expect(value).toMatch(/^[0-9A-Za-z _.:/=+%@-]{0,256}$/);
          expect(() => decodeURIComponent(value)).not.toThrow();
        }
      }),
      { numRuns: 25 },
    );
  });

  test("leaves what the services take as it is, and encodes the rest so that it can be read back", () => {
    expect(userMetadata("t", { assetId: "42", title: "Über 100 %" })).toStrictEqual({
      [TOKEN_KEY]: "t",
      assetId: "42",
      title: "%C3%9Cber 100 %25",
    });
  });

  test("cuts what is too long between two characters", () => {
    const [, [key, value] = ["", ""]] = Object.entries(userMetadata("t", { ["k".repeat(200)]: "é".repeat(200) }));
    expect(key).toBe("k".repeat(128));
    expect(decodeURIComponent(value)).toBe("é".repeat(42));
  });

  test("never lets a user's pair take the token's place", () => {
    expect(userMetadata("mine", { [TOKEN_KEY]: "theirs" })).toStrictEqual({ [TOKEN_KEY]: "mine" });
  });

  test("refuses a token that would come back as another one", () => {
    for (const token of ["a#b", "x".repeat(257)]) expect(() => userMetadata(token, {})).toThrow(RangeError);
  });
});
