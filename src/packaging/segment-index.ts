import type { Box } from "./boxes.ts";
import { BoxError, needBox, readFields } from "./boxes.ts";
import type { ReadAt } from "./media-segment.ts";
import { HEADER_BYTES, readHeader } from "./media-segment.ts";

/** A subsegment of a file as its index has it. */
export interface IndexedSegment {
  readonly offset: number;
  readonly bytes: number;
  readonly startSeconds: number;
  readonly seconds: number;
  /** The index says that it begins with a picture that needs none before it (SAP type 1 or 2). */
  readonly startsWithSync: boolean;
}

/** A day in subsegments of a second takes a megabyte; more than this is no index. */
const MAX_INDEX_BYTES = 16 * 1024 * 1024;
const ENTRY_BYTES = 12;
/** In front of the index: ftyp, moov and what may be skipped. */
const BEFORE_INDEX: ReadonlySet<string> = new Set(["ftyp", "styp", "moov", "free", "skip", "emsg", "prft", "uuid", "meta", "pssh"]);

/**
 * The subsegments of a single-file MPEG-DASH rendition by its sidx box (ISO/IEC 14496-12 8.16.3), without reading its media.
 * Throws BoxError when there is none, when it leads to another index, or when its sizes do not end where the file ends.
 */
export async function readIndex(readAt: ReadAt, sizeBytes: number): Promise<readonly IndexedSegment[]> {
  for (let at = 0; at < sizeBytes;) {
    const { type, size } = readHeader(await readAt(at, HEADER_BYTES), at);
    if (at + size > sizeBytes) throw new BoxError(`box ${type} at ${at} is cut`);
    if (type === "sidx") {
      if (size > MAX_INDEX_BYTES) throw new BoxError("an index too large to be one");
      const bytes = await readAt(at, size);
      return readFields(() => segmentsOf(bytes, { endOfIndex: at + size, sizeBytes }));
    }
    if (!BEFORE_INDEX.has(type)) throw new BoxError(`no index before ${type}`);
    at += size;
  }
  throw new BoxError("no index");
}

interface Place {
  /** The first byte after the box, from which its offsets count. */
  readonly endOfIndex: number;
  readonly sizeBytes: number;
}

function segmentsOf(bytes: Buffer, { endOfIndex, sizeBytes }: Place): readonly IndexedSegment[] {
  const box = needBox(bytes, ["sidx"]);
  const { timescale, startTicks, firstOffset, at } = readHead(bytes, box);
  const count = bytes.readUInt16BE(at - 2);
  if (timescale === 0 || count === 0) throw new BoxError("an index of nothing");
  if (at + count * ENTRY_BYTES > box.end) throw new BoxError("an index that is cut");
  const segments: IndexedSegment[] = [];
  let [offset, ticks] = [endOfIndex + firstOffset, startTicks];
  for (let entry = at; segments.length < count; entry += ENTRY_BYTES) {
    const typeAndSize = bytes.readUInt32BE(entry);
    if (typeAndSize > 0x7fffffff) throw new BoxError("an index of indexes");
    const durationTicks = bytes.readUInt32BE(entry + 4);
    const sap = bytes.readUInt32BE(entry + 8);
    const startsWithSync = sap > 0x7fffffff && [1, 2].includes((sap >>> 28) & 0x7);
    segments.push({ offset, bytes: typeAndSize, startSeconds: ticks / timescale, seconds: durationTicks / timescale, startsWithSync });
    offset += typeAndSize;
    ticks += durationTicks;
  }
  if (offset !== sizeBytes) throw new BoxError(`the index ends at ${offset}, and the file at ${sizeBytes}`);
  return segments;
}

/** What stands in front of the entries, and where they begin. Version 1 has 64-bit times. */
function readHead(bytes: Buffer, { body }: Box) {
  const isLong = bytes[body] === 1;
  const fields = body + 12;
  const timescale = bytes.readUInt32BE(body + 8);
  return isLong
    ? {
        timescale,
        startTicks: Number(bytes.readBigUInt64BE(fields)),
        firstOffset: Number(bytes.readBigUInt64BE(fields + 8)),
        at: fields + 20,
      }
    : { timescale, startTicks: bytes.readUInt32BE(fields), firstOffset: bytes.readUInt32BE(fields + 4), at: fields + 12 };
}
