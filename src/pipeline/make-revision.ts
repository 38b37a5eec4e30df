import type { EncodePlan } from "../domain/encode-plan.ts";
import type { Job } from "../domain/job.ts";
import { revisionBase } from "../domain/output-layout.ts";
import { discardRevision } from "../publish/discard.ts";
import type { AttemptTarget } from "../publish/upload-attempt.ts";
import { uploadWhileEncoding } from "../publish/upload-attempt.ts";
import type { Admitted } from "./admit.ts";
import type { StageRun } from "./deps.ts";
import { encodeStage } from "./encode-stage.ts";
import { attachLate } from "./late-sidecars.ts";
import { picturesStage } from "./pictures-stage.ts";
import { publishStage } from "./publish-stage.ts";
import type { ObjectStore } from "./ports.ts";
import type { JobRun } from "./run-job.ts";
import { textStage } from "./text-stage.ts";
import { verifyStage } from "./verify-stage.ts";
import type { Workspace } from "./workspace.ts";

/** What is the same for every revision of a job. */
export interface RevisionWork {
  readonly job: Job;
  readonly admitted: Admitted;
  readonly workspace: Workspace;
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
}

/** A revision that was made, published or not. */
export interface MadeRevision {
  readonly outcome: "published" | "duplicate" | "stale";
  readonly revision: string;
  readonly renditionIds: readonly string[];
  readonly decodeErrors: number;
}

/**
 * From the encode to the moved pointers. What a revision before it has published is copied from there by the store; nothing
 * of a revision that is not published stays. Throws JobErrors and the signal's reason.
 */
export async function makeRevision(request: RevisionRequest, work: RevisionWork): Promise<MadeRevision> {
  const { revision, plan, missing, isComplete, before } = request;
  const { job, admitted, workspace, stageRun, run } = work;
  const { deps, context, stage } = run;
  const { assetPath } = admitted;
  const { outDir } = workspace;
  const store = deps.published;
  const target = uploadTarget(request, { store, assetPath, outDir });
  const upload = uploadWhileEncoding(target, context.signal);
  let outcome: MadeRevision["outcome"] | undefined;
  try {
    const encoded = await stage("encode", () => encodeStage(missing, workspace, stageRun));
    const decodeErrors = encoded.decodeErrors + (before?.decodeErrors ?? 0);
    const verified = await stage("verify", () => verifyStage(plan, outDir, stageRun));
    const texts = await stage("text", () => textStage(verified, { workspace, source: job.source, asset: admitted }, stageRun));
    const presentation = await stage("pictures", () => picturesStage(texts.presentation, outDir, stageRun));
    const degraded = [...plan.source.defects, ...lossesOf(decodeErrors, texts.lost)];
    const publish = {
      job,
      admitted,
      revision,
      presentation,
      outDir,
      upload,
      degraded,
      isComplete,
      isFirst: admitted.isNew && !target.reuse,
      encodeSeconds: encoded.encoderSeconds,
    };
    outcome = await stage("publish", () => publishStage(publish, deps, context));
    if (outcome === "published" && isComplete && plan.video.length > 0) {
      const late = { source: job.source, seen: texts.seen, assetPath, folder: outDir };
      await attachLate(late, deps.sources, { store, ...context });
    }
    return { outcome, revision, renditionIds: target.renditionIds, decodeErrors };
  } finally {
    await upload.stop();
    if (outcome !== "published") await discardRevision(store, { assetPath, revision });
  }
}

function uploadTarget(
  { revision, plan, before }: RevisionRequest,
  { store, assetPath, outDir }: { readonly store: ObjectStore; readonly assetPath: string; readonly outDir: string },
): AttemptTarget {
  const prefixOf = (name: string): string => `${assetPath}/${revisionBase(name)}`;
  const renditionIds = [...plan.video, ...plan.audio].map(({ id }) => id);
  const target = { store, prefix: prefixOf(revision), outDir, renditionIds };
  if (before?.outcome !== "published") return target;
  return { ...target, reuse: { prefix: prefixOf(before.revision), ids: new Set(before.renditionIds) } };
}

const lossesOf = (decodeErrors: number, lostTexts: readonly string[]): readonly string[] => [
  ...(decodeErrors > 0 ? ["decode_errors"] : []),
  ...lostTexts.map((id) => `text_lost:${id}`),
];
