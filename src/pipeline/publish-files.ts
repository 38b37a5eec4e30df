import { stat, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { EngineName, Job } from "../domain/job.ts";
import { ASSET_RECORD, POINTER_COPIES } from "../domain/output-layout.ts";
import type { Manifests } from "../packaging/render.ts";
import type { AssetIdentity, AssetRecord } from "../publish/asset-record.ts";
import type { OnSending } from "../publish/commit.ts";
import { commit, recordText } from "../publish/commit.ts";
import type { AttemptUpload } from "../publish/upload-attempt.ts";
import type { Admitted } from "./admit.ts";
import { candidateOf } from "./admit.ts";
import { spareAttached } from "./attached-before.ts";
import type { JobContext, PipelineDeps } from "./deps.ts";
import { dropKept } from "./kept-source.ts";
import { sinceUpload } from "./since-upload.ts";

/** A revision that is to be published, whatever its media is. */
export interface Publication {
  readonly job: Job;
  readonly admitted: Admitted;
  readonly revision: string;
  readonly outDir: string;
  readonly upload: AttemptUpload;
  readonly engine: EngineName;
  /** How long the encode took. */
  readonly encodeSeconds: number;
  /** False when another revision of this job will follow. */
  readonly isComplete: boolean;
  /** Nothing played at the asset path before. */
  readonly isFirst: boolean;
  readonly onSending: OnSending;
  /** What was attached to the asset when its text was gathered. */
  readonly attached: ReadonlySet<string> | undefined;
}

/** With what it consists of. */
export interface PublishableFiles extends Publication {
  readonly record: AssetRecord;
  /** As the asset's pointers will hold them. */
  readonly manifests: Manifests;
  /** Sizes by name inside the revision, but for its record and the copies of the pointers. */
  readonly files: ReadonlyMap<string, number>;
}

/** What asset.json says of the revision itself; its time is set anew when it is committed. */
export const identityOf = ({ admitted, revision, engine, encodeSeconds, isComplete }: Publication): AssetIdentity => ({
  assetPath: admitted.assetPath,
  revision,
  source: { id: admitted.sourceId, sizeBytes: admitted.object.sizeBytes },
  ladderHash: admitted.ladderHash,
  engine,
  encode: { seconds: encodeSeconds, cores: availableParallelism() },
  isComplete,
  isPinned: admitted.pinsVersion,
  createdAt: admitted.createdAt,
  publishedAt: new Date().toISOString(),
});

/** Uploads what is left with record and pointer copies, checks that all of it arrived, and moves the asset to the new revision. */
export async function publishFiles(
  request: PublishableFiles,
  deps: PipelineDeps,
  context: JobContext,
): Promise<"published" | "duplicate" | "stale"> {
  const { job, admitted, revision, outDir, upload, isComplete, isFirst, record, manifests, files, onSending, attached } = request;
  const texts = { [POINTER_COPIES.hls]: manifests.hls, [POINTER_COPIES.dash]: manifests.dash, [ASSET_RECORD]: recordText(record) };
  for (const [name, text] of Object.entries(texts)) await writeFile(join(outDir, name), text);
  const bytes = await upload.finish(new Map([...files, ...(await sizesOf(Object.keys(texts), outDir))]));
  deps.report({ kind: "transferred", jobId: job.id, direction: "out", bytes });
  context.signal.throwIfAborted();
  // Not needed by who comes after the commit; whoever is interrupted before it comes back for it.
  if (isComplete) await dropKept(deps.settings.workDir, admitted.object);
  const outcome = await commit(
    {
      store: deps.published,
      record: { ...record, publishedAt: new Date().toISOString() },
      manifests,
      candidate: async () => ({ ...(await candidateOf(job, admitted, { deps, signal: context.signal })), isComplete }),
      checkLease: context.checkLease,
      spare: (published) => attached && spareAttached(published, admitted.sourceId, attached),
      onSending,
    },
    context.signal,
  );
  const { assetPath } = admitted;
  const set = isComplete ? "full" : "early";
  const { durationSeconds, renditions, keys } = record;
  const segmentSeconds = admitted.ladder.gopSeconds * admitted.ladder.gopsPerSegment;
  const asset = { engine: request.engine, durationSeconds, segmentSeconds, renditions, ...(keys ? { keys } : {}) };
  if (outcome === "published")
    deps.report({ kind: "published", jobId: job.id, assetPath, revision, set, isFirst, ...sinceUpload(job), job, asset });
  return outcome;
}

/** The sizes of files on disk, by name. */
export const sizesOf = async (names: readonly string[], folder: string): Promise<ReadonlyMap<string, number>> =>
  new Map(await Promise.all(names.map(async (name) => [name, (await stat(join(folder, name))).size] as const)));
