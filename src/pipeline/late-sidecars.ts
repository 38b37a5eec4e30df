import { join } from "node:path";
import type { SourceRef } from "../domain/job.ts";
import type { AttachTools } from "./attach-text.ts";
import { attachText } from "./attach-text.ts";
import type { SourceStore } from "./ports.ts";
import { listSidecars } from "./sidecars.ts";
import { fetchText } from "./text-file.ts";

export interface LateSidecars {
  readonly source: SourceRef;
  /** What the film has, or could not read. */
  readonly seen: ReadonlySet<string>;
  readonly assetPath: string;
  /** A folder for the files. */
  readonly folder: string;
}

/**
 * Attaches subtitles that came beside the source after the text stage had listed them: their own events may have found no
 * asset yet, and been ignored. Never throws: the film is published.
 */
export async function attachLate(late: LateSidecars, sources: SourceStore, tools: AttachTools): Promise<void> {
  const { source, seen, assetPath, folder } = late;
  const { signal } = tools;
  const listed = await listSidecars(source, sources, signal).catch(() => []);
  const missed = listed.filter(({ mark }) => !seen.has(mark));
  for (const [index, { key, track }] of missed.entries()) {
    try {
      const file = await fetchText({ bucket: source.bucket, key }, join(folder, `late-${index}`), { sources, signal });
      await attachText({ assetPath, track, file }, tools);
    } catch {
      // A file that cannot be read costs the film nothing, now as before.
    }
  }
}
