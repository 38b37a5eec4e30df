import type { EncodePlan } from "../domain/encode-plan.ts";
import { JobError } from "../domain/errors.ts";
import type { Job } from "../domain/job.ts";
import { revisionBase } from "../domain/output-layout.ts";
import { discardRevision } from "../publish/discard.ts";
import type { EncodeReport } from "../engines/ffmpeg/run.ts";
import type { AttemptTarget } from "../publish/upload-attempt.ts";
import { uploadWhileEncoding } from "../publish/upload-attempt.ts";
import type { Admitted } from "./admit.ts";
import type { StageRun } from "./deps.ts";
import { encodeStage } from "./encode-stage.ts";
import { attachLate } from "./late-sidecars.ts";
import { picturesStage } from "./pictures-stage.ts";
import { publishStage } from "./publish-stage.ts";
import type { Claim, ObjectStore } from "./ports.ts";
import type { JobRun } from "./run-job.ts";
import type { TakenOver } from "./take-over.ts";
import { textStage } from "./text-stage.ts";
import { transportStage } from "./transport-stage.ts";
import { verifyStage } from "./verify-stage.ts";
import type { Workspace } from "./workspace.ts";

/** What is the same for every revision of a job. */
export interface RevisionWork {
  readonly job: Job;
  readonly admitted: Admitted;
  readonly workspace: Workspace;
  readonly claim: Claim;
  /** With the key, when there is one. */
  readonly stageRun: StageRun;
  readonly run: JobRun;
}

/** One revision to make. */
export interface RevisionRequest {
  readonly revision: string;
  /** All that it holds. */
  readonly plan: EncodePlan;
  /** What of it is not on disk yet. */
  readonly missing: EncodePlan;
  /** False for a revision that another one of this job will follow. */
  readonly isComplete: boolean;
  /** The revision of this job that was made before. */
  readonly before?: MadeRevision | undefined;
  /** What an attempt before this one encoded of it. */
  readonly taken?: TakenOver | undefined;
  /** Whether an attempt after this one may find it. */
  readonly isLeft?: boolean;
  /** Called once, at the first frame of the source that is damaged. */
  readonly onDamage?: (() => void) | undefined;
}

/** A revision that was made, published or not. */
export interface MadeRevision {
  readonly outcome: "published" | "duplicate" | "stale";
  readonly revision: string;
  readonly renditionIds: readonly string[];
  readonly decodeErrors: number;
}

/**
 * From the encode to the moved pointers. What a revision before it has published is copied from there by the store. Of a
 * revision that is not published only that stays which an attempt after this one can build on, or which S3 may yet publish.
 * Throws JobErrors and the signal's reason.
 */
export async function makeRevision(request: RevisionRequest, work: RevisionWork): Promise<MadeRevision> {
  const { revision, plan, isComplete } = request;
  const { job, admitted, workspace, stageRun, run } = work;
  const { deps, context, stage } = run;
  const { assetPath } = admitted;
  const { outDir } = workspace;
  const store = deps.published;
  const target = uploadTarget(request, { store, assetPath, outDir });
  const upload = uploadWhileEncoding(target, context.signal);
  let isKept = false;
  let mayBeShown = false;
  try {
    const { encoderSeconds, decodeErrors } = await encodeMissing(request, work);
    const verified = await stage("verify", () => verifyStage(plan, outDir, stageRun));
    const texts = await stage("text", () => textStage(verified, { workspace, source: job.source, asset: admitted }, stageRun));
    const presentation = await stage("pictures", async () =>
      transportStage(await picturesStage(texts.presentation, outDir, stageRun), { job, outDir }, stageRun),
    );
    const degraded = [...plan.source.defects, ...lossesOf(decodeErrors, texts.lost)];
    const publish = {
      job,
      admitted,
      revision,
      presentation,
      outDir,
      upload,
      degraded,
      attached: texts.attached,
      isComplete,
      isFirst: admitted.isNew && !target.reuse,
      engine: "ffmpeg" as const,
      encodeSeconds: encoderSeconds,
      onSending: (isSent: boolean) => {
        mayBeShown = isSent;
      },
    };
    const outcome = await stage("publish", () => publishStage(publish, deps, context));
    isKept = outcome === "published";
    if (isKept && isComplete && plan.video.length > 0) {
      const late = { jobId: job.id, source: job.source, seen: texts.seen, assetPath, folder: outDir };
      await attachLate(late, deps, { store, ...context });
    }
    return { outcome, revision, renditionIds: target.renditionIds, decodeErrors };
  } catch (error) {
    isKept ||= request.isLeft === true && isInterruption(error, context.signal);
    throw error;
  } finally {
    await upload.stop();
    if (!isKept && !mayBeShown) await discardRevision(store, { assetPath, revision });
  }
}

async function encodeMissing(
  { missing, before, taken, onDamage }: RevisionRequest,
  { job, workspace, stageRun, run }: RevisionWork,
): Promise<EncodeReport> {
  const encoded = await run.stage("encode", () => encodeStage({ plan: missing, reused: taken, onDamage }, workspace, stageRun));
  await taken?.settle(workspace.outDir);
  const decodeErrors = Math.max(encoded.decodeErrors, Number(taken?.isDamaged ?? false)) + (before?.decodeErrors ?? 0);
  // A decoder with several threads may not tell again what stopped a copy.
  return { ...encoded, decodeErrors: Math.max(decodeErrors, job.copiesNothing?.decodeErrors ?? 0) };
}

/** What ends an attempt and says nothing against its work; what is thrown during an abort is a consequence of it. */
function isInterruption(thrown: unknown, signal: AbortSignal): boolean {
  const error: unknown = signal.aborted ? signal.reason : thrown;
  return error instanceof JobError && (error.disposition === "release" || error.disposition === "abandon");
}

function uploadTarget(
  { revision, plan, before, taken, isLeft = false }: RevisionRequest,
  { store, assetPath, outDir }: { readonly store: ObjectStore; readonly assetPath: string; readonly outDir: string },
): AttemptTarget {
  const prefixOf = (name: string): string => `${assetPath}/${revisionBase(name)}`;
  const renditionIds = [...plan.video, ...plan.audio].map(({ id }) => id);
  const present = new Set(taken?.names);
  const target = { store, prefix: prefixOf(revision), outDir, renditionIds, present, isLeft };
  if (before?.outcome !== "published") return target;
  return { ...target, reuse: { prefix: prefixOf(before.revision), ids: new Set(before.renditionIds) } };
}

const lossesOf = (decodeErrors: number, lostTexts: readonly string[]): readonly string[] => [
  ...(decodeErrors > 0 ? ["decode_errors"] : []),
  ...lostTexts.map((id) => `text_lost:${id}`),
];
