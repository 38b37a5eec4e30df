import { constants } from "node:fs";
import { copyFile, link, stat } from "node:fs/promises";
import { SourceError } from "../domain/errors.ts";
import type { SourceStore } from "./ports.ts";

/** Local files as a source bucket: the key is the path. A source is linked into the workspace where that is possible, else copied. */
export function createFileSource(): SourceStore {
  return {
    async head(ref) {
      const found = await stat(ref.key).catch(() => undefined);
      if (!found) throw new SourceError("source_not_found", `there is no file ${ref.key}`);
      if (!found.isFile()) throw new SourceError("source_not_media", `${ref.key} is not a file`);
      const etag = `${found.size}-${found.mtimeMs}`;
      return { ref, etag, sizeBytes: found.size, lastModified: found.mtime.toISOString() };
    },
    async download({ ref, sizeBytes }, path, { signal, onBytes }) {
      signal.throwIfAborted();
      await link(ref.key, path).catch(() => copyFile(ref.key, path, constants.COPYFILE_FICLONE));
      onBytes?.(sizeBytes);
    },
  };
}
