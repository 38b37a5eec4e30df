import type { IncomingHttpHeaders } from "node:http";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Backend } from "./backend.ts";
import { encodeKey } from "./keys.ts";
import type { ObjectRequest } from "./request.ts";

/** Part of an object, with the headers of the whole. */
export interface Slice {
  readonly etag: string;
  readonly headers: IncomingHttpHeaders;
  readonly contentRange: string;
  readonly bytes: Buffer;
}

/** Twice the worker's ranges; more goes through fauxqs. */
const MAX_SLICE_BYTES = 16 * 1024 * 1024;
const RANGE = /^bytes=(?<first>\d+)-(?<last>\d+)$/;
const BUCKET = /^[a-z0-9](?:[a-z0-9-]|\.(?!\.))*$/;

/**
 * A small range of an object, read from the file fauxqs keeps it in: fauxqs itself reads the whole object for every range
 * (a source of 800 MB in ranges of 8 MiB took 132 s). Undefined when it must answer itself: no such range, no such
 * object, or one that was written meanwhile. A write changes the ETag or leaves too few bytes while it lasts.
 */
export async function readSlice(
  { backend, storageDir }: { readonly backend: Pick<Backend, "head">; readonly storageDir: string },
  target: ObjectRequest,
  range: string,
): Promise<Slice | undefined> {
  const name = encodeKey(target.key);
  const before = RANGE.test(range) && BUCKET.test(target.bucket) ? await backend.head(`/${target.bucket}/${name}`) : undefined;
  const span = before && spanOf(range, before.sizeBytes);
  if (!before || !span) return undefined;
  const { start, length } = span;
  const bytes = await readAt(join(storageDir, "buckets", target.bucket, "objects", `${name}.data`), { start, length });
  const after = await backend.head(`/${target.bucket}/${name}`);
  const isWhole = bytes.length === length && after?.etag === before.etag;
  return isWhole ? { ...before, contentRange: `bytes ${start}-${start + length - 1}/${before.sizeBytes}`, bytes } : undefined;
}

interface Span {
  readonly start: number;
  readonly length: number;
}

function spanOf(range: string, sizeBytes: number): Span | undefined {
  const { first, last } = RANGE.exec(range)?.groups ?? {};
  const start = Number(first);
  const length = Math.min(Number(last), sizeBytes - 1) - start + 1;
  return length > 0 && length <= MAX_SLICE_BYTES ? { start, length } : undefined;
}

/** What there is at this place of a file, which may be less; nothing when there is no file. */
async function readAt(file: string, { start, length }: Span): Promise<Buffer> {
  const handle = await open(file, "r").catch(() => undefined);
  if (!handle) return Buffer.alloc(0);
  try {
    const buffer = Buffer.allocUnsafe(length);
    let filled = 0;
    for (let read = -1; read !== 0 && filled < length; filled += read) {
      ({ bytesRead: read } = await handle.read(buffer, filled, length - filled, start + filled));
    }
    return buffer.subarray(0, filled);
  } finally {
    await handle.close();
  }
}
