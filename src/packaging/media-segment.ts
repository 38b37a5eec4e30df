import type { Box } from "./boxes.ts";
import { BoxError, needBox, readBoxes, readFields } from "./boxes.ts";
import type { InitFacts, SampleDefaults } from "./init-segment.ts";

/** One moof + mdat. Ticks are presentation times (the edit list applied); offsets count from the segment's first byte. */
export interface FragmentFacts {
  readonly offset: number;
  readonly sizeBytes: number;
  /** From the moof to the end of the first sample: an I-frame range when that sample is an IDR. */
  readonly firstSampleBytes: number;
  /** Sizes of the samples alone: the first, and all of them. */
  readonly firstMediaBytes: number;
  readonly mediaBytes: number;
  readonly startsWithSync: boolean;
  readonly decodeTicks: number;
  readonly startTicks: number;
  readonly endTicks: number;
  readonly sampleCount: number;
  readonly syncCount: number;
}

/** Reads `length` bytes at `offset`; fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

/** A box header with a 64-bit size. */
export const HEADER_BYTES = 16;
/** A moof of one GOP is a few KB; more than this is not ours. */
const MAX_MOOF_BYTES = 16 * 1024 * 1024;
/** A count is four bytes and may promise four thousand million samples that no byte stands for. */
const MAX_SAMPLES = 1_000_000;
const NON_SYNC_FLAG = 0x10000;

/**
 * The fragments of a media segment, without reading its media: box headers and moofs only. Throws BoxError when the
 * segment is short, has another box order, or its samples leave their mdat.
 */
export async function readSegment(readAt: ReadAt, sizeBytes: number, init: InitFacts): Promise<FragmentFacts[]> {
  const fragments: FragmentFacts[] = [];
  let moof: { start: number; bytes: Buffer } | undefined;
  for (let at = 0; at < sizeBytes;) {
    const { type, size } = readHeader(await readAt(at, HEADER_BYTES), at);
    if (at + size > sizeBytes) throw new BoxError(`box ${type} at ${at} is cut`);
    if (type === "moof") moof = { start: at, bytes: await readMoof(readAt, at, size) };
    if (type === "mdat") {
      if (!moof) throw new BoxError("media data without a moof");
      const whole = { ...moof, end: at + size };
      fragments.push(readFields(() => readFragment(whole, init)));
      moof = undefined;
    }
    at += size;
  }
  if (fragments.length === 0 || moof) throw new BoxError("no whole fragment");
  return fragments;
}

/** Type and size of the box whose first bytes these are; `at` is for the message. Throws BoxError for a size that holds no header. */
export function readHeader(header: Buffer, at: number): { type: string; size: number } {
  if (header.length < 8) throw new BoxError(`stray bytes at ${at}`);
  const declared = header.readUInt32BE(0);
  const size = declared === 1 && header.length === HEADER_BYTES ? Number(header.readBigUInt64BE(8)) : declared;
  const type = header.toString("latin1", 4, 8);
  if (size < 8) throw new BoxError(`box ${type} at ${at} is cut`);
  return { type, size };
}

async function readMoof(readAt: ReadAt, at: number, size: number): Promise<Buffer> {
  if (size > MAX_MOOF_BYTES) throw new BoxError("a moof too large to be ours");
  return readAt(at, size);
}

/** `bytes` is the moof alone, `end` the end of the mdat behind it. */
function readFragment({ bytes, start, end }: { start: number; bytes: Buffer; end: number }, init: InitFacts): FragmentFacts {
  const traf = needBox(bytes, ["moof", "traf"]);
  const tfdt = needBox(bytes, ["tfdt"], traf);
  const decodeTicks = bytes[tfdt.body] === 1 ? Number(bytes.readBigUInt64BE(tfdt.body + 4)) : bytes.readUInt32BE(tfdt.body + 4);
  const run = readRuns(bytes, traf, { defaults: init.defaults, decodeTicks });
  if (run.dataStart < bytes.length || start + run.dataEnd > end) throw new BoxError("samples leave their mdat");
  return {
    offset: start,
    sizeBytes: end - start,
    firstSampleBytes: run.firstSampleEnd,
    firstMediaBytes: run.firstMediaBytes,
    mediaBytes: run.mediaBytes,
    startsWithSync: run.startsWithSync,
    decodeTicks,
    startTicks: run.startTicks - init.editTicks,
    endTicks: run.endTicks - init.editTicks,
    sampleCount: run.sampleCount,
    syncCount: run.syncCount,
  };
}

function readTfhd(bytes: Buffer, { body }: Box, defaults: SampleDefaults): SampleDefaults {
  const flags = bytes.readUIntBE(body + 1, 3);
  let at = body + 8 + (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0);
  const next = (mask: number, otherwise: number): number => {
    if (!(flags & mask)) return otherwise;
    at += 4;
    return bytes.readUInt32BE(at - 4);
  };
  return { durationTicks: next(0x8, defaults.durationTicks), sizeBytes: next(0x10, defaults.sizeBytes), flags: next(0x20, defaults.flags) };
}

interface Runs {
  /** Where the media of the samples begins and ends, from the start of the moof. */
  readonly dataStart: number;
  readonly dataEnd: number;
  readonly firstSampleEnd: number;
  readonly firstMediaBytes: number;
  readonly mediaBytes: number;
  readonly startsWithSync: boolean;
  readonly startTicks: number;
  readonly endTicks: number;
  readonly sampleCount: number;
  readonly syncCount: number;
}

/** The samples of a track fragment, in the order of its runs; `defaults` are those of the movie. Throws BoxError. */
export function readSamples(bytes: Buffer, traf: Box, defaults: SampleDefaults): Sample[] {
  const ofFragment = readTfhd(bytes, needBox(bytes, ["tfhd"], traf), defaults);
  return readBoxes(bytes, traf.body, traf.end)
    .filter(({ type }) => type === "trun")
    .flatMap((trun) => readTrun(bytes, trun, ofFragment));
}

function readRuns(bytes: Buffer, traf: Box, context: { defaults: SampleDefaults; decodeTicks: number }): Runs {
  const samples = readSamples(bytes, traf, context.defaults);
  const [first] = samples;
  if (!first) throw new BoxError("a fragment without samples");
  let dts = context.decodeTicks;
  let [startTicks, endTicks, dataEnd, mediaBytes, syncCount] = [Infinity, -Infinity, 0, 0, 0];
  for (const sample of samples) {
    startTicks = Math.min(startTicks, dts + sample.compositionTicks);
    endTicks = Math.max(endTicks, dts + sample.compositionTicks + sample.durationTicks);
    dataEnd = Math.max(dataEnd, sample.dataOffset + sample.sizeBytes);
    mediaBytes += sample.sizeBytes;
    syncCount += sample.isSync ? 1 : 0;
    dts += sample.durationTicks;
  }
  const firstSampleEnd = first.dataOffset + first.sizeBytes;
  const dataStart = samples.reduce((lowest, { dataOffset }) => Math.min(lowest, dataOffset), Infinity);
  const sizes = { dataStart, dataEnd, firstSampleEnd, firstMediaBytes: first.sizeBytes, mediaBytes };
  return { ...sizes, startsWithSync: first.isSync, startTicks, endTicks, sampleCount: samples.length, syncCount };
}

export interface Sample {
  /** From the start of the moof. */
  readonly dataOffset: number;
  readonly sizeBytes: number;
  readonly durationTicks: number;
  readonly compositionTicks: number;
  readonly isSync: boolean;
}

/** ISO/IEC 14496-12 8.8.8: which fields a sample carries depends on the flags of its run. */
function readTrun(bytes: Buffer, { body }: Box, defaults: SampleDefaults): Sample[] {
  const flags = bytes.readUIntBE(body + 1, 3);
  const count = bytes.readUInt32BE(body + 4);
  if (count > MAX_SAMPLES) throw new BoxError(`a run of ${count} samples`);
  let at = body + 8;
  const take = (mask: number): number | undefined => {
    if (!(flags & mask)) return undefined;
    at += 4;
    return bytes.readUInt32BE(at - 4);
  };
  let dataOffset = (take(0x1) ?? 0) | 0;
  const firstFlags = take(0x4);
  const samples: Sample[] = [];
  for (let index = 0; index < count; index += 1) {
    const durationTicks = take(0x100) ?? defaults.durationTicks;
    const sizeBytes = take(0x200) ?? defaults.sizeBytes;
    const sampleFlags = take(0x400) ?? (index === 0 ? firstFlags : undefined) ?? defaults.flags;
    const compositionTicks = (take(0x800) ?? 0) | 0;
    samples.push({ dataOffset, sizeBytes, durationTicks, compositionTicks, isSync: (sampleFlags & NON_SYNC_FLAG) === 0 });
    dataOffset += sizeBytes;
  }
  return samples;
}
