import { createCipheriv, createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BoxError } from "../../../src/packaging/boxes.ts";
import { clearFragment, clearInit } from "../../../src/packaging/decrypt.ts";
import { readInit } from "../../../src/packaging/init-segment.ts";
import { KEY, KEY_ID, aKey } from "../../helpers/encryption.ts";
import type { TrackProtection } from "../../helpers/mp4-bytes.ts";
import { fragmentBytes, fullBox, initBytes, protectedEntry, u16, u32, videoInit } from "../../helpers/mp4-bytes.ts";
import { outcomeOf } from "../../helpers/outcome.ts";

const key = Buffer.from(KEY, "hex");
const CONSTANT_IV = "d23da11ce603fb52407e491218dd32ab";
const CBCS: TrackProtection = { scheme: "cbcs", keyId: KEY_ID, constantIv: CONSTANT_IV, pattern: [1, 9] };
const CBCS_SOUND: TrackProtection = { scheme: "cbcs", keyId: KEY_ID, constantIv: CONSTANT_IV };
const CENC: TrackProtection = { scheme: "cenc", keyId: KEY_ID };

const initOf = (protection: TrackProtection): Buffer => initBytes({ entry: protectedEntry(protection) });
/** Bytes that are alike for the same name. */
const noise = (name: string, length: number): Buffer => createHash("shake256", { outputLength: length }).update(name).digest();
const blocksOf = (range: Buffer): Buffer[] =>
  Array.from({ length: Math.floor(range.length / 16) }, (_, index) => range.subarray(16 * index, 16 * index + 16));

/** What ISO/IEC 23001-7 10.4.2 says of one protected range: one chain over every tenth block. */
function encryptPattern(range: Buffer): Buffer {
  const cipher = createCipheriv("aes-128-cbc", key, Buffer.from(CONSTANT_IV, "hex")).setAutoPadding(false);
  const blocks = blocksOf(range).map((block, index) => (index % 10 === 0 ? cipher.update(block) : block));
  return Buffer.concat([...blocks, range.subarray(16 * blocks.length)]);
}

const senc = (count: number, hasRanges: boolean, ...entries: readonly Buffer[]): Buffer =>
  fullBox("senc", { flags: hasRanges ? 2 : 0 }, u32(count), ...entries);
const decrypted = (bytes: Buffer, protection: TrackProtection): Buffer => clearFragment(bytes, readInit(initOf(protection)), aKey);
const mediaOf = (fragment: Buffer, length: number): Buffer => fragment.subarray(fragment.length - length);

describe("readInit of an encrypted track", () => {
  test("tells the codec, the scheme and the key id", () => {
    const constantIv = CONSTANT_IV;
    expect(readInit(initOf(CBCS))).toMatchObject({
      codecs: "avc1.640028",
      picture: { width: 640, height: 360 },
      protection: { scheme: "cbcs", keyId: KEY_ID, ivBytes: 0, constantIv, cryptBlocks: 1, skipBlocks: 9 },
    });
    expect(readInit(initOf(CENC)).protection).toEqual({ scheme: "cenc", keyId: KEY_ID, ivBytes: 8, cryptBlocks: 0, skipBlocks: 0 });
  });

  test("has no protection to tell of a track in clear", () => {
    expect(readInit(videoInit())).not.toHaveProperty("protection");
  });
});

describe("clearInit", () => {
  test("gives an init segment of the same size in which the track is in clear", () => {
    const init = initOf(CBCS);
    const clear = clearInit(init);
    expect(clear).toHaveLength(init.length);
    expect(readInit(clear)).toEqual({ ...readInit(init), protection: undefined });
  });

  test("refuses one that is in clear already", () => {
    expect(() => clearInit(videoInit())).toThrow(BoxError);
  });
});

describe("clearFragment", () => {
  test("decrypts the pattern of cbcs, each range from the constant IV, and leaves the rest", () => {
    const [head, first, middle, second] = [noise("head", 5), noise("first", 500), noise("middle", 7), noise("second", 170)];
    const ranges = Buffer.concat([u16(2, 5), u32(500), u16(7), u32(170)]);
    const media = Buffer.concat([head, encryptPattern(first), middle, encryptPattern(second)]);
    const bytes = fragmentBytes(0, [{ size: media.length, isSync: true }], { boxes: [senc(1, true, ranges)], media });
    const clear = decrypted(bytes, CBCS);
    expect(mediaOf(clear, media.length).equals(Buffer.concat([head, first, middle, second]))).toBe(true);
    expect([clear.length, clear.includes("senc")]).toEqual([bytes.length, false]);
  });

  test("decrypts all whole blocks of sound under cbcs, with a senc that says nothing or without", () => {
    const plain = [noise("one", 100), noise("two", 64)];
    const media = Buffer.concat(
      plain.map((sample) => {
        const whole = sample.length - (sample.length % 16);
        const cipher = createCipheriv("aes-128-cbc", key, Buffer.from(CONSTANT_IV, "hex")).setAutoPadding(false);
        return Buffer.concat([cipher.update(sample.subarray(0, whole)), sample.subarray(whole)]);
      }),
    );
    for (const boxes of [[senc(2, false)], []]) {
      const bytes = fragmentBytes(0, [{ size: 100 }, { size: 64 }], { boxes, media });
      expect(mediaOf(decrypted(bytes, CBCS_SOUND), 164).equals(Buffer.concat(plain))).toBe(true);
    }
  });

  test("lets the counter of cenc run on over the ranges of a sample", () => {
    const iv = Buffer.from("0011223344556677", "hex");
    const plain = noise("sample", 60);
    const cipher = createCipheriv("aes-128-ctr", key, Buffer.concat([iv, Buffer.alloc(8)]));
    const media = Buffer.concat([
      plain.subarray(0, 4),
      cipher.update(plain.subarray(4, 27)),
      plain.subarray(27, 30),
      cipher.update(plain.subarray(30)),
    ]);
    const boxes = [senc(1, true, iv, u16(2, 4), u32(23), u16(3), u32(30))];
    const bytes = fragmentBytes(0, [{ size: 60 }], { boxes, media });
    expect(mediaOf(decrypted(bytes, CENC), 60).equals(plain)).toBe(true);
  });

  test.each([
    ["a track in clear", videoInit(), []],
    ["vectors for other samples than there are", initOf(CENC), [senc(2, false, Buffer.alloc(16))]],
    ["no vectors where each sample has one", initOf(CENC), []],
    ["a range that leaves its sample", initOf(CENC), [senc(1, true, Buffer.alloc(8), u16(1, 4), u32(100))]],
  ])("refuses %s", (_what, init, boxes) => {
    const bytes = fragmentBytes(0, [{ size: 60 }], { boxes });
    expect(() => clearFragment(bytes, readInit(init), aKey)).toThrow(BoxError);
  });

  test("fails on damaged bytes with a BoxError alone", () => {
    const ranges = [u16(1, 4), u32(56)];
    const whole = fragmentBytes(0, [{ size: 60 }, { size: 60 }], { boxes: [senc(2, true, ...ranges, ...ranges)] });
    const init = readInit(initOf(CBCS));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const broken = Buffer.from(whole);
        for (const [at, value] of changes) broken[at] = value;
        const outcome = outcomeOf(() => clearFragment(broken, init, aKey));
        expect("value" in outcome ? outcome.value.length === whole.length : outcome.error instanceof BoxError).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
