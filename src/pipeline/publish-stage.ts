import { stat, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { EngineName, Job } from "../domain/job.ts";
import { ASSET_RECORD, POINTER_COPIES, PRESENTATION, revisionBase } from "../domain/output-layout.ts";
import { INIT_NAME } from "../packaging/compile.ts";
import type { Presentation } from "../packaging/presentation.ts";
import { pictureNames } from "../packaging/storyboard.ts";
import { renderManifests, renderPlaylists, writePlaylists } from "../packaging/render.ts";
import { assetRecord } from "../publish/asset-record.ts";
import type { OnSending } from "../publish/commit.ts";
import { commit, recordText } from "../publish/commit.ts";
import { presentationRecord } from "../publish/presentation-record.ts";
import type { AttemptUpload } from "../publish/upload-attempt.ts";
import type { Admitted } from "./admit.ts";
import { candidateOf } from "./admit.ts";
import { spareAttached } from "./attached-before.ts";
import { sinceUpload } from "./since-upload.ts";
import type { JobContext, PipelineDeps } from "./deps.ts";

export interface PublishRequest {
  readonly job: Job;
  readonly admitted: Admitted;
  readonly revision: string;
  readonly presentation: Presentation;
  readonly outDir: string;
  readonly upload: AttemptUpload;
  readonly engine: EngineName;
  /** How long the encode took. */
  readonly encodeSeconds: number;
  /** Defects of the source that were below the threshold of rejection. */
  readonly degraded: readonly string[];
  /** False when another revision of this job will follow. */
  readonly isComplete: boolean;
  /** Nothing played at the asset path before. */
  readonly isFirst: boolean;
  readonly onSending: OnSending;
  /** What was attached to the asset when its text was gathered. */
  readonly attached: ReadonlySet<string> | undefined;
}

/** Uploads what is left, checks that all of it arrived, and moves the asset to the new revision. */
export async function publishStage(
  request: PublishRequest,
  deps: PipelineDeps,
  context: JobContext,
): Promise<"published" | "duplicate" | "stale"> {
  const { job, admitted, revision, presentation, outDir, upload, degraded, isComplete, isFirst, engine, encodeSeconds } = request;
  const { assetPath, ladderHash, createdAt, pinsVersion: isPinned, object, sourceId: id } = admitted;
  const playlists = renderPlaylists(presentation);
  const manifests = renderManifests(presentation, revisionBase(revision));
  await writePlaylists(outDir, playlists);
  await writeFile(join(outDir, POINTER_COPIES.hls), manifests.hls);
  await writeFile(join(outDir, POINTER_COPIES.dash), manifests.dash);
  await writeFile(join(outDir, PRESENTATION), presentationRecord(presentation));
  const source = { id, sizeBytes: object.sizeBytes };
  const encode = { seconds: encodeSeconds, cores: availableParallelism() };
  const publishedAt = new Date().toISOString();
  const identity = { assetPath, revision, source, ladderHash, engine, encode, isComplete, isPinned, createdAt, publishedAt };
  const record = assetRecord(identity, presentation, degraded);
  await writeFile(join(outDir, ASSET_RECORD), recordText(record));
  const pictures = presentation.storyboard ? pictureNames(presentation.storyboard) : [];
  const files = await revisionFiles(presentation, outDir, [
    ...playlists.keys(),
    ...pictures,
    ...Object.values(POINTER_COPIES),
    PRESENTATION,
    ASSET_RECORD,
  ]);
  const bytes = await upload.finish(files);
  deps.report({ kind: "transferred", jobId: job.id, direction: "out", bytes });
  const outcome = await commit(
    {
      store: deps.published,
      record: { ...record, publishedAt: new Date().toISOString() },
      manifests,
      candidate: async () => ({ ...(await candidateOf(job, admitted, { deps, signal: context.signal })), isComplete }),
      checkLease: context.checkLease,
      spare: (published) => request.attached && spareAttached(published, id, request.attached),
      onSending: request.onSending,
    },
    context.signal,
  );
  const set = isComplete ? "full" : "early";
  if (outcome === "published") deps.report({ kind: "published", jobId: job.id, assetPath, revision, set, isFirst, ...sinceUpload(job) });
  return outcome;
}

/** Every object of the revision with its size: nothing else is uploaded, nothing less is accepted. */
async function revisionFiles(
  { video, audio }: Presentation,
  outDir: string,
  others: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const media = [...video, ...audio].flatMap(({ rendition: { id }, facts }) => [
    [`${id}/${INIT_NAME}`, facts.initBytes] as const,
    ...facts.segments.map(({ name, sizeBytes }) => [`${id}/${name}`, sizeBytes] as const),
  ]);
  const written = await Promise.all(others.map(async (name) => [name, (await stat(join(outDir, name))).size] as const));
  return new Map([...media, ...written]);
}
