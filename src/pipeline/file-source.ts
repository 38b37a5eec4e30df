import { constants } from "node:fs";
import { copyFile, link, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SourceError } from "../domain/errors.ts";
import type { SourceStore } from "./ports.ts";

/** Local files as a source bucket: the key is the path. A source is linked into the workspace where that is possible, else copied. */
export function createFileSource(): SourceStore {
  return {
    async head(ref) {
      const found = await stat(ref.key).catch(() => undefined);
      if (!found) throw new SourceError("source_not_found", `there is no file ${ref.key}`);
      if (!found.isFile()) throw new SourceError("source_not_media", `${ref.key} is not a file`);
      return { ref, etag: etagOf(found), sizeBytes: found.size, lastModified: found.mtime.toISOString() };
    },
    async list({ prefix }, signal) {
      signal?.throwIfAborted();
      const [folder, start] = [dirname(prefix), basename(prefix)];
      const names = (await readdir(folder)).filter((name) => name.startsWith(start)).toSorted();
      const found = await Promise.all(
        names.map(async (name) => [join(folder, name), await stat(join(folder, name)).catch(() => undefined)] as const),
      );
      return found.flatMap(([key, entry]) => (entry?.isFile() ? { key, sizeBytes: entry.size, etag: etagOf(entry) } : []));
    },
    async download({ ref, sizeBytes }, path, { signal, onBytes }) {
      signal.throwIfAborted();
      await link(ref.key, path).catch(() => copyFile(ref.key, path, constants.COPYFILE_FICLONE));
      onBytes?.(sizeBytes);
    },
  };
}

const etagOf = ({ size, mtimeMs }: { readonly size: number; readonly mtimeMs: number }): string => `${size}-${mtimeMs}`;
