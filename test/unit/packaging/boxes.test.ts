import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BoxError, findBox, needBox, readBoxes } from "../../../src/packaging/boxes.ts";
import { outcomeOf } from "../../helpers/outcome.ts";
import { box, u32, u64 } from "../../helpers/mp4-bytes.ts";

const nested = Buffer.concat([box("free"), box("moov", box("trak", box("mdia", "x")), box("trak"))]);

describe("readBoxes", () => {
  test("lists boxes in order with where they are", () => {
    expect(readBoxes(nested).map(({ type, start, body, end }) => [type, start, body, end])).toStrictEqual([
      ["free", 0, 8, 8],
      ["moov", 8, 16, nested.length],
    ]);
  });

  test("reads 64-bit sizes, and a size of 0 as all the rest", () => {
    const large = Buffer.concat([u32(1), Buffer.from("mdat"), u64(20), u32(7)]);
    expect(readBoxes(large)).toStrictEqual([{ type: "mdat", start: 0, body: 16, end: 20 }]);
    const open = Buffer.concat([u32(0), Buffer.from("mdat"), u32(7)]);
    expect(readBoxes(open)).toStrictEqual([{ type: "mdat", start: 0, body: 8, end: 12 }]);
  });

  test.each([
    ["a header cut off", nested.subarray(0, 12)],
    ["a body cut off", nested.subarray(0, nested.length - 1)],
    ["a size below its own header", Buffer.concat([u32(7), Buffer.from("free")])],
    ["a size beyond the end", Buffer.concat([u32(0xffffffff), Buffer.from("free")])],
    ["a 64-bit size below its own header", Buffer.concat([u32(1), Buffer.from("free"), u64(15)])],
    ["a 64-bit size beyond every file", Buffer.concat([u32(1), Buffer.from("free"), u32(0xffffffff, 0xffffffff)])],
    ["a 64-bit size cut off", Buffer.concat([u32(1), Buffer.from("free"), u32(0)])],
  ])("refuses %s", (_what, bytes) => {
    expect(() => readBoxes(bytes)).toThrow(BoxError);
  });

  test("ends for any bytes, with boxes that cover them or with a BoxError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (raw) => {
        const bytes = Buffer.from(raw);
        const read = outcomeOf(() => readBoxes(bytes));
        expect("value" in read ? (read.value.at(-1)?.end ?? 0) : read.error).toSatisfy(
          (found: unknown) => found === bytes.length || found instanceof BoxError,
        );
      }),
    );
  });
});

describe("findBox", () => {
  test("follows a path, the first of each name", () => {
    expect(findBox(nested, ["moov", "trak", "mdia"])).toMatchObject({ type: "mdia" });
    expect(findBox(nested, ["moov", "udta"])).toBeUndefined();
  });

  test("names the missing path when it is needed", () => {
    expect(() => needBox(nested, ["moov", "mvex", "trex"])).toThrow("no moov/mvex/trex");
  });
});
