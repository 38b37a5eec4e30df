import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import type { Box } from "../packaging/boxes.ts";
import { BoxError, readBox } from "../packaging/boxes.ts";
import { sniff } from "./sniff.ts";

/** A source that is read in parts. */
export interface PartialSource {
  readonly sizeBytes: number;
  /** The bytes from `from` up to, not including, `to`. */
  readonly read: (from: number, to: number) => Promise<Buffer>;
}

/** Of the file's beginning and of its media data: the frames that ffprobe decodes to know what a header leaves out. */
const LEAD_BYTES = 4 * 1024 * 1024;
const HEADER_BYTES = 16;
/** An index is often the last box of a file and rarely longer. */
const STEP_BYTES = 256 * 1024;
const PART_BYTES = 8 * 1024 * 1024;
/** Six hours at 60 fps with four tracks of sound have an index of 40 MB. */
const MAX_INDEX_BYTES = 512 * 1024 * 1024;
const MAX_BOXES = 64;

/**
 * Writes to `path` what says what an MP4 or MOV is: a file of the source's size that holds its boxes, its index (moov) and the
 * beginning of its media data, and nothing where the rest would be (ISO/IEC 14496-12: the index describes every sample). False,
 * with nothing to be used at `path`, for a source whose index is not in one place: fragmented, damaged or another container.
 */
export async function fetchIndex(path: string, source: PartialSource): Promise<boolean> {
  await using file = await open(path, "w+", 0o600);
  await file.truncate(source.sizeBytes);
  const parts: Parts = { file, source, known: [] };
  await fetch(parts, 0, LEAD_BYTES);
  const head = await bytesAt(parts, 0, Math.min(4096, source.sizeBytes));
  if (sniff(head, source.sizeBytes) !== "iso-media") return false;
  try {
    return await walk(parts);
  } catch (error) {
    if (error instanceof BoxError) return false;
    throw error;
  }
}

interface Parts {
  readonly file: FileHandle;
  readonly source: PartialSource;
  /** What the file holds already. */
  readonly known: { readonly from: number; readonly to: number }[];
}

async function walk(parts: Parts): Promise<boolean> {
  const { sizeBytes } = parts.source;
  const seen = new Set<string>();
  let boxes = 0;
  for (let at = 0; at < sizeBytes;) {
    const box = await boxAt(parts, at);
    const bytes = box.end - at;
    boxes += 1;
    // Each fragment has an index of its own, all over the file.
    if (boxes > MAX_BOXES || box.type === "moof" || (box.type === "moov" && bytes > MAX_INDEX_BYTES)) return false;
    if (box.type === "moov") await fetch(parts, at, box.end);
    if (box.type === "mdat" && !seen.has("mdat")) await fetch(parts, at, at + Math.min(bytes, LEAD_BYTES));
    seen.add(box.type);
    at = box.end;
  }
  return seen.has("moov");
}

async function boxAt(parts: Parts, at: number): Promise<Pick<Box, "type" | "end">> {
  const { sizeBytes } = parts.source;
  const to = Math.min(at + HEADER_BYTES, sizeBytes);
  if (!holds(parts, at, to)) await fetch(parts, at, at + STEP_BYTES);
  const { type, end } = readBox(await bytesAt(parts, at, to), 0, sizeBytes - at);
  return { type, end: at + end };
}

const holds = ({ known }: Parts, from: number, to: number): boolean => known.some((part) => part.from <= from && to <= part.to);

async function fetch(parts: Parts, from: number, wanted: number): Promise<void> {
  const { file, source, known } = parts;
  const to = Math.min(wanted, source.sizeBytes);
  for (let at = from; at < to;) {
    const there = known.find((part) => part.from <= at && at < part.to);
    const end = there?.to ?? Math.min(at + PART_BYTES, to);
    if (!there) {
      await writeAt(file, await source.read(at, end), at);
      known.push({ from: at, to: end });
    }
    at = end;
  }
}

/** A write may take less than it is given. */
async function writeAt(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
}

async function bytesAt({ file }: Parts, from: number, to: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
  return buffer.subarray(0, bytesRead);
}
