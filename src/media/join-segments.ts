import { createWriteStream } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ContentKey } from "../domain/encryption.ts";
import { OutputError } from "../domain/errors.ts";
import { BoxError } from "../packaging/boxes.ts";
import { INIT_NAME } from "../packaging/compile.ts";
import { clearFragment, clearInit } from "../packaging/decrypt.ts";
import type { SegmentFacts } from "../packaging/facts.ts";
import { readInit } from "../packaging/init-segment.ts";
import { joinFiles } from "./join-files.ts";

/** Segments of one rendition, measured, and the key when they are encrypted. */
export interface Segments {
  readonly folder: string;
  readonly segments: readonly SegmentFacts[];
  readonly key: ContentKey | undefined;
}

/**
 * Writes init segment and segments, one after the other and in clear, into a file that ffmpeg reads. They are decrypted here:
 * a key in the arguments of ffmpeg would be there for every process to see. Throws OutputError output_incomplete for what
 * cannot be decrypted.
 */
export async function joinSegments({ folder, segments, key }: Segments, target: string, signal: AbortSignal): Promise<void> {
  const paths = [INIT_NAME, ...segments.map(({ name }) => name)].map((name) => join(folder, name));
  if (key === undefined) {
    await joinFiles(paths, target, signal);
    return;
  }
  try {
    await pipeline(Readable.from(clearParts({ folder, segments, key })), createWriteStream(target, { mode: 0o600 }), { signal });
  } catch (error) {
    if (!(error instanceof BoxError)) throw error;
    throw new OutputError("output_incomplete", `${basename(folder)} cannot be decrypted: ${error.message}`, { cause: error });
  }
}

/** A fragment at a time: one GOP is in memory, not a segment. */
async function* clearParts({ folder, segments, key }: Segments & { readonly key: ContentKey }): AsyncGenerator<Buffer> {
  const initBytes = await readFile(join(folder, INIT_NAME));
  const init = readInit(initBytes);
  yield clearInit(initBytes);
  for (const { name, fragments } of segments) {
    await using file = await open(join(folder, name));
    for (const { offset, sizeBytes } of fragments) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, offset);
      yield clearFragment(buffer.subarray(0, bytesRead), init, key);
    }
  }
}
