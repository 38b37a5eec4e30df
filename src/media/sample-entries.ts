import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { Box } from "../packaging/boxes.ts";
import { BoxError, readBox, readBoxes } from "../packaging/boxes.ts";

const HEADER_BYTES = 16;
/** A file of nothing but empty boxes would be read for hours. */
const MAX_BOXES = 20_000;
/** Parameter sets are some hundred bytes. The rest of an index may be of any size: it is not read. */
const MAX_ENTRIES_BYTES = 1024 * 1024;
const PATH_TO_ENTRIES = ["mdia", "minf", "stbl", "stsd"] as const;

/**
 * The types of the sample entries of each track of a file of ISO base media (ISO/IEC 14496-12 8.5.2), in order; a track
 * with several changes its codec or parameters on the way. Empty for anything that is not such a file.
 */
export async function sampleEntriesOf(path: string): Promise<readonly (readonly string[])[]> {
  await using file = await open(path);
  const walk: Walk = { file, left: MAX_BOXES };
  try {
    const [moov] = await find(walk, "moov", { body: 0, end: (await file.stat()).size });
    const tracks = moov ? await find(walk, "trak", moov) : [];
    const entries: string[][] = [];
    for (const track of tracks) entries.push(await entriesOf(walk, track));
    return entries;
  } catch (error) {
    if (error instanceof BoxError) return [];
    throw error;
  }
}

interface Walk {
  readonly file: FileHandle;
  /** Boxes that may still be looked at. */
  left: number;
}

type Range = Pick<Box, "body" | "end">;

/** The boxes of this type in a range of the file; of "moov" the first. Throws BoxError. */
async function find(walk: Walk, type: string, { body, end }: Range): Promise<readonly Range[]> {
  const found: Range[] = [];
  for (let at = body; at < end;) {
    if (walk.left === 0) throw new BoxError(`more than ${MAX_BOXES} boxes`);
    walk.left -= 1;
    const { buffer } = await walk.file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, at);
    const box = readBox(buffer, 0, end - at);
    if (box.type === type) found.push({ body: at + box.body, end: at + box.end });
    if (type === "moov" && found.length > 0) break;
    at += box.end;
  }
  return found;
}

async function entriesOf(walk: Walk, track: Range): Promise<string[]> {
  let range: Range | undefined = track;
  for (const type of PATH_TO_ENTRIES) {
    [range] = await find(walk, type, range);
    if (!range) return [];
  }
  // After version, flags and count.
  const start = Math.min(range.body + 8, range.end);
  if (range.end - start > MAX_ENTRIES_BYTES) throw new BoxError(`${range.end - start} bytes of sample entries`);
  const { buffer } = await walk.file.read(Buffer.alloc(range.end - start), 0, range.end - start, start);
  return readBoxes(buffer).map(({ type }) => type);
}
