import type { StageRun } from "./deps.ts";
import { requireSpace } from "./disk.ts";
import { sweepKept, takeKept } from "./kept-source.ts";
import type { SourceObject } from "./ports.ts";
import { SourceChanged } from "./ports.ts";

/**
 * Brings the source to its fixed name on disk, if the disk has room for it and for what will be made of it; an attempt
 * before may have fetched it already. "stale" when it was overwritten while it came.
 */
export async function fetchStage(object: SourceObject, path: string, { deps, jobId, signal }: StageRun): Promise<"fetched" | "stale"> {
  const { workDir, disk } = deps.settings;
  const room = [workDir, object.sizeBytes * disk.sourceFactor, disk.minimumFreeBytes] as const;
  await sweepKept(workDir);
  if (await takeKept(workDir, object, path)) return "fetched";
  // What is kept for others gives way.
  await requireSpace(...room).catch(async () => sweepKept(workDir, 0).then(() => requireSpace(...room)));
  let fetched = 0;
  const onBytes = (bytes: number): void => {
    fetched += bytes;
    deps.report({ kind: "progress", jobId, stage: "fetch", fraction: Math.min(1, fetched / object.sizeBytes) });
  };
  try {
    await deps.sources.download(object, path, { signal, onBytes });
    return "fetched";
  } catch (error) {
    if (error instanceof SourceChanged) return "stale";
    throw error;
  } finally {
    deps.report({ kind: "transferred", jobId, direction: "in", bytes: fetched });
  }
}
