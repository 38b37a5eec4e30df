import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { approximate, formatRational, multiply, parseRational, rational, toNumber } from "../../../src/domain/rational.ts";

const nonZero = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }).filter((value) => value !== 0);
const fractions = fc.record({ num: fc.integer(), den: nonZero }).map(({ num, den }) => rational(num, den));
const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

describe("rational", () => {
  test("is always in lowest terms with a positive denominator and the same value", () => {
    fc.assert(
      fc.property(fc.integer(), nonZero, (num, den) => {
        const value = rational(num, den);
        expect(value.den).toBeGreaterThan(0);
        expect(gcd(value.num, value.den)).toBe(1);
        expect(BigInt(value.num) * BigInt(den)).toBe(BigInt(num) * BigInt(value.den));
      }),
    );
  });

  test("has one zero", () => {
    expect(rational(0, -7)).toStrictEqual({ num: 0, den: 1 });
    expect(Object.is(rational(-0, 3).num, 0)).toBe(true);
  });

  test.each([
    [1, 0],
    [0.5, 1],
    [Number.NaN, 1],
    [2 ** 53, 1],
    [1, Infinity],
  ])("refuses %d/%d", (num, den) => {
    expect(() => rational(num, den)).toThrow(RangeError);
  });
});

describe("parseRational", () => {
  test("reads back what formatRational writes", () => {
    fc.assert(
      fc.property(fractions, (value) => {
        expect(parseRational(formatRational(value))).toStrictEqual(value);
      }),
    );
  });

  test.each([
    ["30000/1001", { num: 30_000, den: 1001 }],
    ["16:9", { num: 16, den: 9 }],
    ["25", { num: 25, den: 1 }],
    ["50/2", { num: 25, den: 1 }],
    ["-1/2", { num: -1, den: 2 }],
  ])("reads %s", (text, value) => {
    expect(parseRational(text)).toStrictEqual(value);
  });

  test.each([undefined, "", "N/A", "0/0", "1/0", "1/-2", "1.5", "25 fps", "1/2/3", "9007199254740993/1", " 25", "25\n"])(
    "takes %j for no fraction",
    (text) => {
      expect(parseRational(text)).toBeUndefined();
    },
  );
});

describe("multiply", () => {
  test("is exact where the product fits", () => {
    const part = fc.integer({ min: 1, max: 30_000 });
    fc.assert(
      fc.property(part, part, fc.tuple(fc.integer({ min: -30_000, max: 30_000 }), part), (a, b, [c, d]) => {
        expect(multiply(rational(a, b), rational(c, d))).toStrictEqual(rational(a * c, b * d));
      }),
    );
  });

  test("refuses a product that would be rounded", () => {
    expect(() => multiply(rational(2 ** 40 + 1), rational(2 ** 40 + 1))).toThrow(RangeError);
  });
});

describe("approximate", () => {
  test("stays within the denominator and within one over it of the value", () => {
    const values = fc.double({ min: 0, max: 1000, noNaN: true });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 5000 }), (value, maxDen) => {
        const found = approximate(value, maxDen);
        expect(found.den).toBeLessThanOrEqual(maxDen);
        expect(Math.abs(toNumber(found) - value)).toBeLessThanOrEqual(1 / (found.den * maxDen) + 1e-9);
      }),
    );
  });

  test("finds every fraction again that it can express", () => {
    const parts = fc.tuple(fc.integer({ min: 1, max: 120_000 }), fc.integer({ min: 1, max: 1001 }));
    fc.assert(
      fc.property(parts, ([num, den]) => {
        expect(approximate(num / den, 1001)).toStrictEqual(rational(num, den));
      }),
    );
  });
});
