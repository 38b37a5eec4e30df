import { describe, expect, test } from "vitest";
import { keyframeDoubt } from "../../../src/media/keyframe-units.ts";

const [SLICE, IDR, SEI, SPS, PPS, DELIMITER] = [1, 5, 6, 7, 8, 9] as const;

/** A packet of NAL units of these types behind three other bytes; each five bytes long. */
function packetOf(types: readonly number[], lengthBytes = 4): Buffer {
  const units = types.map((type) => {
    const unit = Buffer.alloc(lengthBytes + 5, 0xff);
    unit.writeUIntBE(5, 0, lengthBytes);
    unit[lengthBytes] = 0x60 | type;
    return unit;
  });
  return Buffer.concat([Buffer.alloc(3), ...units]);
}

function doubtOf(bytes: Buffer, { lengthBytes = 4, sizeBytes = bytes.length - 3 } = {}): Promise<string | undefined> {
  const readAt = async (offset: number, length: number): Promise<Buffer> => bytes.subarray(offset, offset + length);
  return keyframeDoubt(readAt, { offset: 3, sizeBytes, lengthBytes });
}

describe("keyframeDoubt", () => {
  test.each([[[IDR]], [[DELIMITER, SEI, IDR, IDR, IDR]]])("has none of the units %j", async (types) => {
    await expect(doubtOf(packetOf(types))).resolves.toBeUndefined();
    await expect(doubtOf(packetOf(types, 2), { lengthBytes: 2 })).resolves.toBeUndefined();
  });

  test.each([
    ["its keyframes are not IDR pictures", [SEI, SLICE]],
    ["its keyframes are not IDR pictures", [IDR, SLICE]],
    ["parameter sets are inside its pictures", [SPS, PPS, IDR]],
    ["its keyframes hold no picture", [SEI]],
  ] as const)("says: %s", async (doubt, types) => {
    await expect(doubtOf(packetOf(types))).resolves.toBe(doubt);
  });

  test("refuses units that leave the packet, are too many, empty or cut", async () => {
    const unreadable = "its keyframes cannot be read";
    await expect(doubtOf(packetOf([IDR]), { sizeBytes: 8 })).resolves.toBe(unreadable);
    await expect(doubtOf(packetOf(Array<number>(300).fill(IDR)))).resolves.toBe(unreadable);
    await expect(doubtOf(Buffer.alloc(20))).resolves.toBe(unreadable);
    await expect(doubtOf(packetOf([IDR]).subarray(0, 6), { sizeBytes: 9 })).resolves.toBe(unreadable);
  });
});
