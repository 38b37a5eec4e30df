import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** Writes the files one after the other into a new one, streamed. */
export async function joinFiles(paths: readonly string[], target: string, signal: AbortSignal): Promise<void> {
  for (const [index, path] of paths.entries()) {
    await pipeline(createReadStream(path), createWriteStream(target, { flags: index === 0 ? "w" : "a" }), { signal });
  }
}
