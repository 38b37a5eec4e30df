import { randomBytes } from "node:crypto";
import type { EncodePlan } from "../domain/encode-plan.ts";
import type { Job } from "../domain/job.ts";
import { newRevision, revisionBase } from "../domain/output-layout.ts";
import { probeSource } from "../media/probe-source.ts";
import { discardRevision } from "../publish/discard.ts";
import { uploadWhileEncoding } from "../publish/upload-attempt.ts";
import { admit } from "./admit.ts";
import type { JobContext, PipelineDeps } from "./deps.ts";
import { encodeStage } from "./encode-stage.ts";
import { fetchStage } from "./fetch-stage.ts";
import { keyStage } from "./key-stage.ts";
import { attachLate } from "./late-sidecars.ts";
import { picturesStage } from "./pictures-stage.ts";
import { planStage } from "./plan-stage.ts";
import { publishStage } from "./publish-stage.ts";
import type { RunStage } from "./stage-clock.ts";
import { textStage } from "./text-stage.ts";
import { verifyStage } from "./verify-stage.ts";
import { openWorkspace } from "./workspace.ts";

/** How a job ends well, and where. */
export interface JobResult {
  readonly outcome: "published" | "duplicate" | "stale" | "ignored";
  /** Absent when there is none. */
  readonly assetPath?: string;
  /** Why a job was ignored. */
  readonly reason?: string;
}

/**
 * One attempt at one job, from the source's HEAD to the moved pointers. Nothing it wrote stays when it fails, except what
 * a killed process leaves to the sweeps. Throws JobErrors and the signal's reason.
 */
export async function runJob(job: Job, run: { deps: PipelineDeps; context: JobContext; stage: RunStage }): Promise<JobResult> {
  const { deps, context, stage } = run;
  const { signal } = context;
  const stageRun = { deps, jobId: job.id, signal };
  const admitted = await stage("admit", () => admit(job, deps, context));
  const { assetPath } = admitted;
  if (admitted.kind !== "admitted") return { outcome: admitted.kind, assetPath };
  await using workspace = await openWorkspace(deps.settings.workDir);
  const { outDir, sourcePath } = workspace;
  const fetched = await stage("fetch", () => fetchStage(admitted.object, sourcePath, stageRun));
  if (fetched === "stale") return { outcome: "stale", assetPath };
  const source = await stage("probe", () => probeSource(sourcePath, { ...deps.tools, limits: deps.settings.limits }, signal));
  context.note?.({ probe: source });
  const plan = await stage("plan", () => planStage({ source, ladder: admitted.ladder, sourcePath }, stageRun));
  context.note?.({ plan: withoutSource(plan) });
  const revision = newRevision(new Date(), randomBytes(4).toString("hex"));
  const { encryption } = admitted.ladder;
  const keyed = encryption ? await stage("key", () => keyStage(encryption, { assetPath, revision }, stageRun)) : stageRun;
  const prefix = `${assetPath}/${revisionBase(revision)}`;
  const renditionIds = [...plan.video, ...plan.audio].map(({ id }) => id);
  const upload = uploadWhileEncoding({ store: deps.published, prefix, outDir, renditionIds }, signal);
  let outcome: JobResult["outcome"] | undefined;
  try {
    const encoded = await stage("encode", () => encodeStage(plan, workspace, keyed));
    const verified = await stage("verify", () => verifyStage(plan, outDir, keyed));
    const texts = await stage("text", () => textStage(verified, { workspace, source: job.source, asset: admitted }, stageRun));
    const presentation = await stage("pictures", () => picturesStage(texts.presentation, outDir, keyed));
    const degraded = [
      ...source.defects,
      ...(encoded.decodeErrors > 0 ? ["decode_errors"] : []),
      ...texts.lost.map((id) => `text_lost:${id}`),
    ];
    const request = { job, admitted, revision, presentation, outDir, upload, degraded };
    outcome = await stage("publish", () => publishStage(request, deps, context));
    if (outcome === "published" && plan.video.length > 0) {
      const late = { source: job.source, seen: texts.seen, assetPath, folder: outDir };
      await attachLate(late, deps.sources, { store: deps.published, ...context });
    }
    return { outcome, assetPath };
  } finally {
    await upload.stop();
    if (outcome !== "published") await discardRevision(deps.published, { assetPath, revision });
  }
}

/** The plan without what the probe says already. */
function withoutSource({ source: _source, ...plan }: EncodePlan): Omit<EncodePlan, "source"> {
  return plan;
}
