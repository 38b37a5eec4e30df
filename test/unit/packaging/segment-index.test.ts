import { describe, expect, test } from "vitest";
import { BoxError } from "../../../src/packaging/boxes.ts";
import { readIndex } from "../../../src/packaging/segment-index.ts";
import { box, fullBox, readerOf, u16, u32, u64 } from "../../helpers/mp4-bytes.ts";

const SYNC = 0x90000000;
const ENTRIES = [
  { bytes: 40, ticks: 2000, sap: SYNC },
  { bytes: 60, ticks: 1000, sap: 0 },
];
type Entry = (typeof ENTRIES)[number];

const entriesOf = (entries: readonly Entry[]): Buffer[] => [
  u16(0, entries.length),
  ...entries.map(({ bytes, ticks, sap }) => u32(bytes, ticks, sap)),
];
const index = (entries: readonly Entry[] = ENTRIES): Buffer => fullBox("sidx", {}, u32(1, 1000, 500, 0), ...entriesOf(entries));
const longIndex = (): Buffer => fullBox("sidx", { version: 1 }, u32(1, 1000), u64(500), u64(0), ...entriesOf(ENTRIES));
const media = Buffer.concat([box("moof", Buffer.alloc(12)), box("mdat", Buffer.alloc(72))]);
const file = (sidx: Buffer, behind: Buffer = media): Buffer => Buffer.concat([box("ftyp"), box("moov"), sidx, behind]);
const read = (bytes: Buffer) => readIndex(readerOf(bytes), bytes.length);

describe("the index of a file", () => {
  test.each([
    ["32-bit", index()],
    ["64-bit", longIndex()],
  ])("with %s times says where each subsegment is, when it is shown, and whether it begins with a keyframe", async (_bits, sidx) => {
    const begin = file(sidx, Buffer.alloc(0)).length;
    await expect(read(file(sidx))).resolves.toStrictEqual([
      { offset: begin, bytes: 40, startSeconds: 0.5, seconds: 2, startsWithSync: true },
      { offset: begin + 40, bytes: 60, startSeconds: 2.5, seconds: 1, startsWithSync: false },
    ]);
  });

  test.each([
    ["is missing", file(Buffer.alloc(0))],
    ["is missing, and nothing else is there", box("ftyp")],
    ["stands behind media", Buffer.concat([box("ftyp"), media, index()])],
    ["is cut off", file(index()).subarray(0, 40)],
    ["has more entries than bytes", file(fullBox("sidx", {}, u32(1, 1000, 500, 0), u16(0, 2), u32(100, 1, 0)))],
    ["has no entry", file(index([]), Buffer.alloc(0))],
    ["has no timescale", file(fullBox("sidx", {}, u32(1, 0, 500, 0), ...entriesOf(ENTRIES)))],
    ["leads to another index", file(index([{ bytes: 0x80000064, ticks: 1, sap: 0 }]))],
    ["ends before the file does", file(index(), Buffer.concat([media, box("free")]))],
    ["ends behind the file", file(index(), media.subarray(0, 90))],
  ])("that %s is refused", async (_what, bytes) => {
    await expect(read(bytes)).rejects.toThrow(BoxError);
  });
});
