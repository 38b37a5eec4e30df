import { basename, extname } from "node:path";
import { isTextKey } from "../../media/sidecar-key.ts";

/** One given file and the key it is uploaded under. */
export interface PlannedUpload {
  readonly path: string;
  readonly key: string;
  /** True when the key is not the file's own name, which another file's asset path has taken. */
  readonly renamed: boolean;
}

/**
 * A key for each file: its base name, with "-2", "-3"… before the extension when an earlier file would be published at
 * the same path (a.mp4 and a.mov are both published at "a").
 */
export function planUploads(files: readonly string[]): readonly PlannedUpload[] {
  const own = new Set(files.filter((path) => !isTextKey(path)).map((path) => stemOf(basename(path))));
  const taken = new Set<string>();
  return files.map((path) => {
    const name = basename(path);
    // Subtitles are published with the film that their name says.
    if (isTextKey(name)) return { path, key: name, renamed: false };
    const stem = stemOf(name);
    let free = stem;
    for (let count = 2; taken.has(free); count += 1) {
      const next = `${stem}-${count}`;
      // A later file's own name is left to it.
      free = own.has(next) ? free : next;
    }
    taken.add(free);
    return { path, key: free + extname(name), renamed: free !== stem };
  });
}

const stemOf = (name: string): string => name.slice(0, name.length - extname(name).length);
