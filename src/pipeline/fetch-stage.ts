import type { PipelineDeps } from "./deps.ts";
import { requireSpace } from "./disk.ts";
import type { SourceObject } from "./ports.ts";

/** Brings the source to its fixed name on disk, if the disk has room for it and for what will be made of it. */
export async function fetchStage(
  object: SourceObject,
  path: string,
  run: { deps: PipelineDeps; jobId: string; signal: AbortSignal },
): Promise<void> {
  const { deps, jobId, signal } = run;
  const { workDir, disk } = deps.settings;
  await requireSpace(workDir, object.sizeBytes * disk.sourceFactor, disk.minimumFreeBytes);
  let fetched = 0;
  await deps.sources.download(object, path, {
    signal,
    onBytes: (bytes) => {
      fetched += bytes;
      deps.report({ kind: "progress", jobId, stage: "fetch", fraction: Math.min(1, fetched / object.sizeBytes) });
    },
  });
}
