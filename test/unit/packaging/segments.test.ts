import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BoxError } from "../../../src/packaging/boxes.ts";
import { readInit } from "../../../src/packaging/init-segment.ts";
import { readSegment } from "../../../src/packaging/media-segment.ts";
import type { FragmentFacts } from "../../../src/packaging/media-segment.ts";
import { KEY, KEY_ID } from "../../helpers/encryption.ts";
import {
  audioInit,
  av1Entry,
  box,
  fragmentBytes,
  fullBox,
  hevcEntry,
  initBytes,
  protectedEntry,
  readerOf,
  u32,
  videoInit,
} from "../../helpers/mp4-bytes.ts";
import { outcomeOf, settled } from "../../helpers/outcome.ts";

const MAIN_HEVC = hevcEntry(0x01, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93);
const MAIN_AV1 = av1Entry(0x81, 0x08, 0x0c, 0);
const GOP = [
  { size: 500, isSync: true, composition: 2002 },
  { size: 50, composition: 3003 },
  { size: 40, composition: 1001 },
];
const segment = Buffer.concat([
  fragmentBytes(0, GOP),
  fragmentBytes(3003, [
    { size: 300, isSync: true, composition: 2002 },
    { size: 20, composition: 2002 },
  ]),
]);
const read = (bytes: Buffer, init = initBytes({ editTicks: 2002 })): Promise<FragmentFacts[]> =>
  readSegment(readerOf(bytes), bytes.length, readInit(init));

/** Bytes with a few of them changed, or cut. */
const damaged = (bytes: Buffer): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255))), { maxLength: 4 }),
      fc.oneof({ weight: 3, arbitrary: fc.constant(bytes.length) }, { weight: 1, arbitrary: fc.nat(bytes.length) }),
    )
    .map(([changes, length]) => {
      const copy = Buffer.from(bytes);
      for (const [at, value] of changes) copy[at] = value;
      return copy.subarray(0, length);
    });

describe("readInit", () => {
  test("reads codec, size, time scale and edit of a picture", () => {
    expect(readInit(initBytes({ editTicks: 2002 }))).toMatchObject({
      timescale: 30_000,
      editTicks: 2002,
      codecs: "avc1.640028",
      picture: { width: 640, height: 360 },
      defaults: { durationTicks: 1001, sizeBytes: 0, flags: 0x10000 },
    });
  });

  test("reads codec, channels and rate of sound", () => {
    expect(readInit(audioInit(1, 44_100))).toMatchObject({ codecs: "mp4a.40.2", sound: { channels: 1, sampleRate: 44_100 }, editTicks: 0 });
  });

  test.each([
    ["HEVC Main 3.1", MAIN_HEVC, "hvc1.1.6.L93.90"],
    ["HEVC Main 10 in the high tier", hevcEntry(0x22, 0x20, 0, 0, 0, 0xb0, 0, 0x10, 0, 0, 0, 150), "hvc1.2.4.H150.B0.0.10"],
    ["HEVC without constraints, in profile space B", hevcEntry(0x84, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 30), "hvc1.B4.80000001.L30"],
    ["AV1 Main 4.0", MAIN_AV1, "av01.0.08M.08"],
    ["AV1 High 10-bit 5.1 in the high tier", av1Entry(0x81, 0x2d, 0xc0, 0), "av01.1.13H.10"],
    ["AV1 Professional 12-bit", av1Entry(0x81, 0x40, 0x60, 0), "av01.2.00M.12"],
  ])("writes the codec of %s as RFC 6381 has it", (_what, entry, codecs) => {
    expect(readInit(initBytes({ entry }))).toMatchObject({ codecs, picture: { width: 640, height: 360 } });
  });

  test("reads 64-bit times", () => {
    expect(readInit(initBytes({ version: 1, editTicks: 7 }))).toMatchObject({ timescale: 30_000, editTicks: 7 });
  });

  test("takes an edit that begins with nothing for none", () => {
    expect(readInit(initBytes({ editTicks: -1 })).editTicks).toBe(0);
  });

  test.each([
    ["two tracks", initBytes({ tracks: 2 })],
    ["no track", initBytes({ tracks: 0 })],
    ["another codec", initBytes({ entry: box("vp09", Buffer.alloc(78)) })],
    ["HEVC with its parameter sets in the stream", initBytes({ entry: box("hev1", Buffer.alloc(78)) })],
    ["HEVC without its configuration", initBytes({ entry: box("hvc1", Buffer.alloc(78)) })],
    ["an AV1 configuration of another version", initBytes({ entry: av1Entry(0x82, 8, 12, 0) })],
    ["a sample entry that ends early", initBytes({ entry: box("avc1", Buffer.alloc(20)) })],
    ["a time scale of 0", initBytes({ timescale: 0 })],
    ["nothing", Buffer.alloc(0)],
    ["half of it", videoInit().subarray(0, 200)],
  ])("refuses %s", (_what, bytes) => {
    expect(() => readInit(bytes)).toThrow(BoxError);
  });

  test.each([
    ["picture", videoInit()],
    ["picture in HEVC", initBytes({ entry: MAIN_HEVC })],
    ["picture in AV1", initBytes({ entry: MAIN_AV1 })],
    ["sound", audioInit()],
    ["picture that is encrypted", initBytes({ entry: protectedEntry({ scheme: "cbcs", keyId: KEY_ID, constantIv: KEY }) })],
  ])("fails on a damaged init segment of a %s with a BoxError alone", (_what, bytes) => {
    fc.assert(
      fc.property(damaged(bytes), (broken) => {
        const outcome = outcomeOf(() => readInit(broken));
        expect("value" in outcome ? outcome.value.timescale > 0 : outcome.error instanceof BoxError).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("readSegment", () => {
  test("finds each fragment, its range and its times with the edit taken off", async () => {
    const [first, second] = await read(segment);
    const [firstBytes, moofBytes] = [fragmentBytes(0, GOP).length, fragmentBytes(0, GOP).length - 590];
    expect(first).toMatchObject({
      offset: 0,
      sizeBytes: firstBytes,
      startTicks: 0,
      endTicks: 3003,
      decodeTicks: 0,
      sampleCount: 3,
      syncCount: 1,
    });
    expect(first).toMatchObject({ startsWithSync: true, firstSampleBytes: moofBytes + 500, firstMediaBytes: 500, mediaBytes: 590 });
    expect(second).toMatchObject({ offset: firstBytes, startTicks: 3003, endTicks: 5005, sampleCount: 2 });
  });

  test("uses the defaults of the track fragment, then of the movie", async () => {
    const mdat = box("mdat", Buffer.alloc(20));
    const build = (offset: number): Buffer => {
      const tfhd = fullBox("tfhd", { flags: 0x20010 }, u32(1, 10));
      return box("moof", box("traf", tfhd, fullBox("tfdt", {}, u32(5)), fullBox("trun", { flags: 0x5 }, u32(2, offset, 0x2000000))));
    };
    const [fragment] = await read(Buffer.concat([build(build(0).length + 8), mdat]), videoInit());
    expect(fragment).toMatchObject({ startTicks: 5, endTicks: 2007, mediaBytes: 20, syncCount: 1, startsWithSync: true });
  });

  test.each([
    ["an empty file", Buffer.alloc(0)],
    ["a missing end", segment.subarray(0, segment.length - 1)],
    ["a fragment without its media", segment.subarray(0, segment.indexOf("mdat") - 4)],
    ["media without a fragment", box("mdat", "xxxx")],
    ["samples that reach beyond their mdat", Buffer.concat([segment.subarray(0, fragmentBytes(0, GOP).length - 598), box("mdat", "x")])],
    ["stray bytes", Buffer.concat([segment, Buffer.from("abc")])],
    ["a run that counts more samples than it has", runOf(0xffffffff, 0x200)],
    ["a run of four thousand million samples without a field", runOf(0xffffffff, 0)],
    ["a run without samples", runOf(0, 0)],
  ])("refuses %s", async (_what, bytes) => {
    await expect(read(bytes)).rejects.toThrow(BoxError);
  });

  test("fails on a damaged segment with a BoxError alone", async () => {
    await fc.assert(
      fc.asyncProperty(damaged(segment), async (broken) => {
        const outcome = await settled(read(broken));
        expect("value" in outcome ? outcome.value.every(isWithinItself) : outcome.error instanceof BoxError).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

const isWithinItself = ({ firstSampleBytes, sizeBytes, mediaBytes }: FragmentFacts): boolean =>
  firstSampleBytes >= 0 && firstSampleBytes <= sizeBytes && mediaBytes <= sizeBytes;

function runOf(count: number, flags: number): Buffer {
  const traf = box(
    "traf",
    fullBox("tfhd", { flags: 0x20000 }, u32(1)),
    fullBox("tfdt", {}, u32(0)),
    fullBox("trun", { flags }, u32(count)),
  );
  return Buffer.concat([box("moof", traf), box("mdat", "xxxx")]);
}
