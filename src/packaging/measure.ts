import type { FileHandle } from "node:fs/promises";
import { open, readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { OutputError } from "../domain/errors.ts";
import { BoxError } from "./boxes.ts";
import { INIT_NAME } from "./compile.ts";
import type { RenditionFacts, SegmentFacts } from "./facts.ts";
import type { InitFacts } from "./init-segment.ts";
import { readInit } from "./init-segment.ts";
import type { ReadAt } from "./media-segment.ts";
import { readSegment } from "./media-segment.ts";

/**
 * Reads back what the packager wrote for one rendition, whatever the exit codes said. Throws OutputError
 * output_incomplete for a missing, empty, cut or unreadable file.
 */
export async function measureRendition(folder: string, id: string, signal: AbortSignal): Promise<RenditionFacts> {
  try {
    const init = readInit(await readFile(join(folder, INIT_NAME)));
    const names = (await readdir(folder)).filter((name) => name.endsWith(".m4s")).toSorted();
    const segments: SegmentFacts[] = [];
    for (const name of names) {
      signal.throwIfAborted();
      segments.push(await measureSegment(folder, name, init));
    }
    if (segments.length === 0) throw new BoxError("no segment");
    const { codecs, timescale, sizeBytes: initBytes, picture, sound, protection } = init;
    const found = { ...(picture ? { picture } : {}), ...(sound ? { sound } : {}), ...(protection ? { protection } : {}) };
    return { id, codecs, timescale, initBytes, segments, ...found };
  } catch (error) {
    signal.throwIfAborted();
    throw new OutputError("output_incomplete", `${id} cannot be read back: ${error instanceof Error ? error.message : "unknown"}`, {
      cause: error,
    });
  }
}

async function measureSegment(folder: string, name: string, init: InitFacts): Promise<SegmentFacts> {
  const path = join(folder, name);
  const { size } = await stat(path);
  await using file = await open(path);
  try {
    const fragments = await readSegment(readerOf(file), size, init);
    const startTicks = Math.min(...fragments.map((fragment) => fragment.startTicks));
    const endTicks = Math.max(...fragments.map((fragment) => fragment.endTicks));
    return { name, sizeBytes: size, startTicks, endTicks, fragments };
  } catch (error) {
    throw new BoxError(`${name}: ${error instanceof Error ? error.message : "unknown"}`, { cause: error });
  }
}

/** Reads parts of an open file; less than was asked for at its end. */
export const readerOf =
  (file: FileHandle): ReadAt =>
  async (offset, length) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
