import { open, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { sampleEntriesOf } from "../../../src/media/sample-entries.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

function box(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + body.length);
  header.write(type, 4, "latin1");
  return Buffer.concat([header, body]);
}

/** A track whose samples are of these types. */
function track(types: readonly string[], bodyBytes = 8): Buffer {
  const entries = types.map((type) => box(type, Buffer.alloc(bodyBytes)));
  return box("trak", box("tkhd"), box("mdia", box("minf", box("stbl", box("stsd", Buffer.alloc(8), ...entries), box("stts")))));
}

async function entriesOf(...file: readonly Buffer[]): Promise<unknown> {
  await using folder = await temporaryFolder();
  await writeFile(folder.in("a.mp4"), Buffer.concat(file));
  return await sampleEntriesOf(folder.in("a.mp4"));
}

test("the types of the samples are told track by track", async () => {
  const moov = box("moov", box("mvhd"), track(["avc1", "encv"]), track(["mp4a"]));
  await expect(entriesOf(box("ftyp"), box("mdat", Buffer.alloc(100)), moov)).resolves.toEqual([["avc1", "encv"], ["mp4a"]]);
});

test.each([
  ["a box that reaches beyond the file", [box("ftyp"), box("moov", track(["avc1"])).subarray(0, 60)]],
  ["a box shorter than its header", [box("ftyp"), Buffer.from("00000004", "hex"), Buffer.from("moov")]],
  ["no index", [box("ftyp"), box("mdat", Buffer.alloc(100))]],
  ["more boxes than any film has", Array.from({ length: 20_001 }, () => box("free"))],
  ["more of an entry than any film has", [box("moov", track(["avc1"], 2_000_000))]],
])("a file with %s has none that can be told", async (_what, file) => {
  await expect(entriesOf(...file)).resolves.toEqual([]);
});

test("an index of two gigabytes is passed over but for what is asked", async () => {
  await using folder = await temporaryFolder();
  const junkBytes = 2_000_000_000;
  const inside = Buffer.concat([track(["hvc1"]), box("free")]);
  const moov = box("moov", inside);
  moov.writeUInt32BE(moov.length + junkBytes);
  moov.writeUInt32BE(8 + junkBytes, moov.length - 8);
  await writeFile(folder.in("a.mp4"), moov);
  await using file = await open(folder.in("a.mp4"), "r+");
  await file.truncate(moov.length + junkBytes);
  const before = process.resourceUsage().maxRSS;
  await expect(sampleEntriesOf(folder.in("a.mp4"))).resolves.toEqual([["hvc1"]]);
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(100_000);
});
