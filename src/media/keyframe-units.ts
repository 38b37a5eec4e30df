/** Reads `length` bytes at `offset`; fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

/** Where a keyframe lies, and how many bytes the length of each of its NAL units takes (ISO/IEC 14496-15 5.3.3). */
export interface KeyframeBytes {
  readonly offset: number;
  readonly sizeBytes: number;
  readonly lengthBytes: number;
}

/** NAL unit types of ITU-T H.264 table 7-1. */
const IDR_SLICE = 5;
const PARAMETER_SETS: ReadonlySet<number> = new Set([7, 8, 13, 15]);
const FIRST_SLICE = 1;
/** One picture of 2160p has a few dozen slices; more units are there to keep us reading. */
const MAX_UNITS = 200;

/**
 * Why a packet that is flagged as a keyframe cannot begin a segment of a copy; undefined when every slice of it is of an
 * IDR picture and no parameter set is inside. A flag alone proves nothing: recovery points are flagged as well.
 */
export async function keyframeDoubt(readAt: ReadAt, keyframe: KeyframeBytes): Promise<string | undefined> {
  let slices = 0;
  for await (const type of unitTypes(readAt, keyframe)) {
    if (type === undefined) return "its keyframes cannot be read";
    if (PARAMETER_SETS.has(type)) return "parameter sets are inside its pictures";
    if (type >= FIRST_SLICE && type < IDR_SLICE) return "its keyframes are not IDR pictures";
    if (type === IDR_SLICE) slices += 1;
  }
  return slices > 0 ? undefined : "its keyframes hold no picture";
}

/** The types of the NAL units of a packet; undefined where they do not fit. */
async function* unitTypes(readAt: ReadAt, { offset, sizeBytes, lengthBytes }: KeyframeBytes): AsyncGenerator<number | undefined> {
  const end = offset + sizeBytes;
  let at = offset;
  for (let unit = 0; at < end; unit += 1) {
    const header = await readAt(at, lengthBytes + 1);
    const length = header.length > lengthBytes ? header.readUIntBE(0, lengthBytes) : 0;
    if (unit === MAX_UNITS || length === 0 || at + lengthBytes + length > end) {
      yield undefined;
      return;
    }
    yield header.readUInt8(lengthBytes) & 0x1f;
    at += lengthBytes + length;
  }
}
