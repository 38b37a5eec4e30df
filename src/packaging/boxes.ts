/** A box of ISO/IEC 14496-12 inside a buffer. */
export interface Box {
  readonly type: string;
  /** Offset of the box's first byte and of the byte after its last. */
  readonly start: number;
  readonly end: number;
  /** Offset of what follows size and type. */
  readonly body: number;
}

const HEADER_BYTES = 8;
const LARGE_HEADER_BYTES = 16;

/** Thrown for bytes that are not the boxes they should be; whoever measures turns it into an OutputError. */
export class BoxError extends Error {
  override readonly name = "BoxError";
}

/** The boxes between two offsets, in order. Throws BoxError when a size runs out of the range. */
export function readBoxes(bytes: Buffer, start = 0, end = bytes.length): Box[] {
  const boxes: Box[] = [];
  for (let at = start; at < end; at = boxes.at(-1)?.end ?? end) boxes.push(readBox(bytes, at, end));
  return boxes;
}

/** The box at an offset of at least its header's bytes, which ends at `limit` at the latest. Throws BoxError. */
export function readBox(bytes: Buffer, start: number, limit: number): Box {
  if (limit - start < HEADER_BYTES) throw new BoxError(`${limit - start} stray bytes at ${start}`);
  const declared = bytes.readUInt32BE(start);
  const type = bytes.toString("latin1", start + 4, start + HEADER_BYTES);
  const isLarge = declared === 1 && limit - start >= LARGE_HEADER_BYTES;
  const size = isLarge ? Number(bytes.readBigUInt64BE(start + HEADER_BYTES)) : declared;
  const end = size === 0 ? limit : start + size;
  const body = start + (isLarge ? LARGE_HEADER_BYTES : HEADER_BYTES);
  if (end < body || end > limit) throw new BoxError(`box ${type} at ${start} does not fit`);
  return { type, start, end, body };
}

/** The first box at the end of a path of types below `from`; undefined when a step is missing. */
export function findBox(
  bytes: Buffer,
  path: readonly string[],
  from: Pick<Box, "body" | "end"> = { body: 0, end: bytes.length },
): Box | undefined {
  const [type, ...rest] = path;
  const box = readBoxes(bytes, from.body, from.end).find((candidate) => candidate.type === type);
  return box && rest.length > 0 ? findBox(bytes, rest, box) : box;
}

/** As findBox, for boxes that must be there. Throws BoxError. */
export function needBox(bytes: Buffer, path: readonly string[], from?: Pick<Box, "body" | "end">): Box {
  const box = findBox(bytes, path, from);
  if (!box) throw new BoxError(`no ${path.join("/")}`);
  return box;
}

/** Runs a parser of box fields; a field that lies outside the bytes is a BoxError like every other damage. */
export function readFields<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) throw new BoxError("a field lies outside its box", { cause: error });
    throw error;
  }
}
