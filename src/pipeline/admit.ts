import { EngineError, InvalidJobError, SourceError } from "../domain/errors.ts";
import type { Job } from "../domain/job.ts";
import type { Ladder } from "../domain/ladder.ts";
import type { Preset } from "../engines/elastic-transcoder/preset.ts";
import { ladderOfPresets } from "../engines/elastic-transcoder/preset-ladder.ts";
import { assetPathOf, sha256, sourceId } from "../publish/identity.ts";
import { confirm, conflict, readPublished, repairPointers } from "../publish/commit.ts";
import type { AssetRecord } from "../publish/asset-record.ts";
import type { Candidate, Decision } from "../publish/decide.ts";
import { decide } from "../publish/decide.ts";
import type { JobContext, PipelineDeps } from "./deps.ts";
import type { SourceObject } from "./ports.ts";

/** A job that may go ahead, with everything that was looked up for it. */
export interface Admitted {
  readonly kind: "admitted";
  readonly ladder: Ladder;
  readonly ladderHash: string;
  readonly assetPath: string;
  readonly object: SourceObject;
  readonly sourceId: string;
  readonly createdAt: string;
  readonly pinsVersion: boolean;
  readonly isAsked: boolean;
  readonly uploadedAt: string;
  /** Nothing is published at the path yet. */
  readonly isNew: boolean;
}

/** A job whose outcome is already there. */
export interface Settled {
  readonly kind: "duplicate" | "stale";
  readonly assetPath: string;
  readonly object: SourceObject;
}

/**
 * Decides before any byte is fetched whether there is anything to do. A source that is already published costs a HEAD of
 * it, a read of asset.json and one of each pointer, which are repaired if a crash left them behind. Throws InvalidJobError,
 * SourceError.
 */
export async function admit(job: Job, deps: PipelineDeps, context: JobContext): Promise<Admitted | Settled> {
  const { settings, published: store } = deps;
  const ladder = ladderFor(job, deps);
  const assetPath = settings.publishPrefix + (job.assetPath ?? assetPathOf(settings.assetPathTemplate, job.source));
  const object = await deps.sources.head(job.source, context.signal);
  refuseSize(object.sizeBytes, settings.limits.maxSourceBytes);
  const ladderHash = sha256(JSON.stringify(ladder)).slice(0, 16);
  const published = await readPublished(store, assetPath, context.signal);
  const admitted: Admitted = {
    kind: "admitted",
    // The hash is the configured ladder's: what is published is of that ladder, however it was made.
    ladder: job.copiesNothing ? { ...ladder, passThrough: false } : ladder,
    ladderHash,
    assetPath,
    object,
    sourceId: sourceId(job.source, object.etag),
    createdAt: enqueuedAt(job, context),
    pinsVersion: job.pinsVersion === true,
    isAsked: isAsked(job),
    uploadedAt: object.lastModified,
    isNew: published === undefined,
  };
  const decision = await decideNow(published?.record, job, { admitted, deps, signal: context.signal });
  if (decision === "conflict") throw conflict(assetPath);
  if (published && decision === "duplicate") await confirm(store, { published, wish: admitted }, context);
  // A crash may have come between the record of an early part and its pointers as well.
  else if (published?.record.complete === false) await repairPointers(store, published.record, context);
  return decision === "publish" ? admitted : { kind: decision, assetPath, object };
}

/** Only what would be published must still be the newest: what has just been looked at by its key is. */
async function decideNow(
  published: AssetRecord | undefined,
  job: Job,
  { admitted, deps, signal }: { readonly admitted: Admitted; readonly deps: PipelineDeps; readonly signal: AbortSignal },
): Promise<Decision> {
  const known = { ...candidate(job, admitted), isCurrent: true };
  const decision = decide(published, known);
  if (decision !== "publish" || job.source.versionId === undefined) return decision;
  return decide(published, await candidateOf(job, admitted, { deps, signal }));
}

/** Whether the attempt that held the claim before has published the very same since `admit` looked; its pointers are repaired then. */
export async function wasOvertaken(
  { sourceId: id, ladderHash, assetPath, ...wish }: Admitted,
  { published: store }: Pick<PipelineDeps, "published">,
  context: JobContext,
): Promise<boolean> {
  const published = await readPublished(store, assetPath, context.signal);
  if (published?.record.source.id !== id || published.record.ladderHash !== ladderHash || published.record.complete === false) return false;
  await confirm(store, { published, wish }, context);
  return true;
}

const isAsked = ({ assetPath, ladder, presets, pinsVersion }: Job): boolean =>
  assetPath !== undefined || ladder !== undefined || presets !== undefined || pinsVersion === true;

const enqueuedAt = ({ eventTime }: Job, { sentAtMs = Date.now() }: JobContext): string => eventTime ?? new Date(sentAtMs).toISOString();

function ladderFor({ engine, ladder: wanted, presets }: Job, { ladders, settings, services, presets: custom = [] }: PipelineDeps): Ladder {
  if (engine !== undefined && engine !== "ffmpeg" && !services?.engines.has(engine))
    throw new EngineError("engine_rejected", `engine ${engine} is not configured on this worker`);
  const ladder = ladders.get(wanted ?? settings.ladder);
  if (!ladder) throw new InvalidJobError("job_unknown_ladder", `there is no ladder named ${wanted}`);
  return presets ? presetLadder(presets, custom, ladder) : ladder;
}

function presetLadder(ids: readonly string[], custom: readonly Preset[], base: Ladder): Ladder {
  const made = ladderOfPresets(ids, custom, base);
  if (made.kind === "ladder") return made.ladder;
  throw new InvalidJobError("job_unknown_ladder", `presets[${made.position}]: ${made.problem}`);
}

/** What this job is when it meets asset.json; asks the upload bucket whether the source is still the same. */
export async function candidateOf(
  job: Job,
  admitted: Admitted,
  { deps, signal }: { deps: PipelineDeps; signal: AbortSignal },
): Promise<Candidate> {
  const { bucket, key } = job.source;
  const isCurrent = admitted.pinsVersion || (await deps.sources.head({ bucket, key }, signal)).etag === admitted.object.etag;
  return { ...candidate(job, admitted), isCurrent };
}

const candidate = (job: Job, { object: _object, ...wish }: Admitted): Omit<Candidate, "isCurrent"> => ({
  ...wish,
  namesPath: job.assetPath !== undefined,
  isComplete: true,
});

function refuseSize(sizeBytes: number, maxSourceBytes: number): void {
  if (sizeBytes === 0) throw new SourceError("source_empty", "the source has no bytes");
  if (sizeBytes > maxSourceBytes)
    throw new SourceError("source_too_large", `${sizeBytes} bytes is above limits.maxSourceBytes ${maxSourceBytes}`);
}
