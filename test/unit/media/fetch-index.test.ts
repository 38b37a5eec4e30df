import { readFile, stat } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { fetchIndex } from "../../../src/media/fetch-index.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const MIB = 1024 * 1024;

function box(type: string, bodyBytes: number, fill = 1): Buffer {
  const bytes = Buffer.alloc(8 + bodyBytes, fill);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.write(type, 4, "latin1");
  return bytes;
}

function large(type: string, bodyBytes: number): Buffer {
  const bytes = Buffer.alloc(16 + bodyBytes, 1);
  bytes.writeUInt32BE(1, 0);
  bytes.write(type, 4, "latin1");
  bytes.writeBigUInt64BE(BigInt(bytes.length), 8);
  return bytes;
}

async function fetched(whole: Buffer) {
  await using folder = await temporaryFolder();
  let read = 0;
  const source = {
    sizeBytes: whole.length,
    read: async (from: number, to: number) => {
      read += to - from;
      return whole.subarray(from, to);
    },
  };
  const path = folder.in("source.bin");
  const isEnough = await fetchIndex(path, source);
  return { isEnough, read, size: (await stat(path)).size, bytes: await readFile(path) };
}

const FTYP = box("ftyp", 24, 0);

describe("the index of a source", () => {
  test.each([
    ["behind the media", [FTYP, box("mdat", 24 * MIB), box("moov", 3000, 7)], 5 * MIB],
    ["behind media of more than 4 GB, by their form", [FTYP, large("mdat", 24 * MIB), box("free", 10), box("moov", MIB, 7)], 6 * MIB],
    ["in front of the media", [FTYP, box("moov", 5 * MIB, 7), box("mdat", 24 * MIB)], 10 * MIB],
    ["between two spans of media", [FTYP, box("mdat", 12 * MIB), box("moov", 500, 7), box("mdat", 12 * MIB)], 5 * MIB],
  ])("%s is fetched, and little else", async (_where, boxes, atMost) => {
    const whole = Buffer.concat(boxes);
    const { isEnough, read, size, bytes } = await fetched(whole);
    expect(isEnough).toBe(true);
    expect(size).toBe(whole.length);
    const at = whole.indexOf("moov", 0, "latin1") - 4;
    const end = at + whole.readUInt32BE(at);
    expect(bytes.subarray(at, end).equals(whole.subarray(at, end))).toBe(true);
    const media = whole.indexOf("mdat", 0, "latin1") - 4;
    expect(bytes.subarray(media, media + 4 * MIB).equals(whole.subarray(media, media + 4 * MIB))).toBe(true);
    expect(read).toBeLessThan(atMost);
  });

  test.each([
    ["is in fragments", [FTYP, box("moov", 500), box("moof", 100), box("mdat", 6 * MIB)]],
    ["is missing", [FTYP, box("mdat", 6 * MIB)]],
    ["lies behind what is cut off", [FTYP, box("mdat", 6 * MIB).subarray(0, 5 * MIB)]],
    ["is of another container", [Buffer.alloc(6 * MIB, 0x47)]],
    ["is hidden among a thousand boxes", [FTYP, ...Array.from({ length: 1000 }, () => box("free", 8)), box("moov", 10)]],
  ])("that %s is not enough", async (_what, boxes) => {
    const { isEnough, read } = await fetched(Buffer.concat(boxes));
    expect(isEnough).toBe(false);
    expect(read).toBeLessThan(6 * MIB);
  });
});
