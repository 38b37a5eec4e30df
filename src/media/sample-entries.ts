import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { BoxError, findBox, readBoxes } from "../packaging/boxes.ts";

const HEADER_BYTES = 16;
/** The index of a film of hours is some MB. */
const MAX_MOOV_BYTES = 128 * 1024 * 1024;
/** A file of nothing but empty boxes would be read for hours. */
const MAX_BOXES = 4096;

/**
 * The types of the sample entries of each track of a file of ISO base media (ISO/IEC 14496-12 8.5.2), in order; a track
 * with several changes its codec or parameters on the way. Empty for anything that is not such a file.
 */
export async function sampleEntriesOf(path: string): Promise<readonly (readonly string[])[]> {
  await using file = await open(path);
  const moov = await findMoov(file);
  if (!moov) return [];
  const bytes = Buffer.alloc(moov.size);
  await file.read(bytes, 0, moov.size, moov.offset);
  try {
    return sampleEntries(bytes);
  } catch (error) {
    if (error instanceof BoxError) return [];
    throw error;
  }
}

async function findMoov(file: FileHandle): Promise<{ offset: number; size: number } | undefined> {
  const { size: fileSize } = await file.stat();
  let offset = 0;
  for (let box = 0; box < MAX_BOXES && offset < fileSize; box += 1) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, offset);
    if (bytesRead < HEADER_BYTES) return undefined;
    const declared = buffer.readUInt32BE(0);
    const size = declared === 1 ? Number(buffer.readBigUInt64BE(8)) : declared;
    if (size < 8) return undefined;
    if (buffer.toString("latin1", 4, 8) === "moov")
      return size <= MAX_MOOV_BYTES && offset + size <= fileSize ? { offset, size } : undefined;
    offset += size;
  }
  return undefined;
}

function sampleEntries(bytes: Buffer): string[][] {
  const [moov] = readBoxes(bytes);
  const traks = moov ? readBoxes(bytes, moov.body, moov.end).filter(({ type }) => type === "trak") : [];
  return traks.map((trak) => {
    const stsd = findBox(bytes, ["mdia", "minf", "stbl", "stsd"], trak);
    return stsd ? readBoxes(bytes, Math.min(stsd.body + 8, stsd.end), stsd.end).map(({ type }) => type) : [];
  });
}
