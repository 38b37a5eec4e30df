import { join } from "node:path";
import { JobError } from "../domain/errors.ts";
import type { SourceRef } from "../domain/job.ts";
import type { AttachTools } from "./attach-text.ts";
import { attachText } from "./attach-text.ts";
import { pause } from "../queue/pause.ts";
import type { ReportEvent, SourceStore } from "./ports.ts";
import { SourceChanged } from "./ports.ts";
import { listSidecars } from "./sidecars.ts";
import { fetchText } from "./text-file.ts";

export interface LateSidecars {
  readonly jobId: string;
  readonly source: SourceRef;
  /** What the film has, or could not read. */
  readonly seen: ReadonlySet<string>;
  readonly assetPath: string;
  /** A folder for the files. */
  readonly folder: string;
}

/**
 * Attaches subtitles that came beside the source after the text stage had listed them: their own events may have found no
 * asset yet, and been ignored. Never throws: the film is published. What passes is tried again, and what is left is told of.
 */
export async function attachLate(
  late: LateSidecars,
  { sources, report }: { readonly sources: SourceStore; readonly report: ReportEvent },
  tools: AttachTools,
): Promise<void> {
  const { jobId, source, seen, assetPath, folder } = late;
  const { signal } = tools;
  const missed =
    (what: string) =>
    (error: unknown): undefined => {
      report({ kind: "text-missed", jobId, what, reason: error instanceof Error ? error.message : String(error) });
      return undefined;
    };
  const listed = await tried(() => listSidecars(source, sources, signal), signal).catch(missed(`what lies beside ${source.key}`));
  const fresh = (listed ?? []).filter(({ mark }) => !seen.has(mark));
  for (const [index, { key, track }] of fresh.entries()) {
    const attach = async (): Promise<void> => {
      const file = await fetchText({ bucket: source.bucket, key }, join(folder, `late-${index}`), { sources, signal });
      await attachText({ assetPath, track, file }, tools);
    };
    await tried(attach, signal).catch(missed(key));
  }
}

const PAUSES_MS = [1000, 5000];

/** A file that cannot be read, or is another by now, is that at every look. */
async function tried<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SourceChanged || (error instanceof JobError && error.disposition === "reject")) throw error;
      await pause(pauseMs, signal);
      if (signal.aborted) throw error;
    }
  }
  return work();
}
