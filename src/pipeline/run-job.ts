import type { EncodePlan } from "../domain/encode-plan.ts";
import type { Job } from "../domain/job.ts";
import { onNominalGrid } from "../domain/timeline.ts";
import { probeSource } from "../media/probe-source.ts";
import type { Admitted } from "./admit.ts";
import { admit, wasOvertaken } from "./admit.ts";
import type { JobContext, PipelineDeps } from "./deps.ts";
import { fetchStage } from "./fetch-stage.ts";
import { handOver } from "./hand-over.ts";
import { inWorkspace } from "./in-workspace.ts";
import { dropKept, keepSource, willReturn } from "./kept-source.ts";
import { keyStage } from "./key-stage.ts";
import { makeRevisions } from "./make-revisions.ts";
import { nameRevision } from "./name-revision.ts";
import { planStage } from "./plan-stage.ts";
import type { Claim } from "./ports.ts";
import type { RunStage } from "./stage-clock.ts";
import { withClaim } from "./with-claim.ts";
import type { Workspace } from "./workspace.ts";

/** How a job ends well, and where. */
export interface JobResult {
  readonly outcome: "published" | "submitted" | "duplicate" | "stale" | "ignored";
  /** Absent when there is none. */
  readonly assetPath?: string;
  /** Why a job was ignored. */
  readonly reason?: string;
}

/**
 * One attempt at one job, from the source's HEAD to the moved pointers. Nothing it wrote stays when it fails; what stays
 * when it is interrupted is the next attempt's, and so is what a service was asked for. Throws JobErrors and the signal's reason.
 */
export async function runJob(job: Job, run: JobRun): Promise<JobResult> {
  const { deps, context, stage } = run;
  const admitted = await stage("admit", () => admit(job, deps, context));
  if (admitted.kind !== "admitted") {
    // An attempt that was killed here may have left it, and another worker have done the job since.
    await dropKept(deps.settings.workDir, admitted.object);
    return { outcome: admitted.kind, assetPath: admitted.assetPath };
  }
  return withClaim({ job, admitted }, run, async (claimed, claim) =>
    (await wasOvertaken(admitted, deps, claimed.context))
      ? { outcome: "duplicate", assetPath: admitted.assetPath }
      : make({ job, admitted, claim, run: claimed }),
  );
}

/** What one attempt is made of: the outside, its message, its clock. */
export interface JobRun {
  readonly deps: PipelineDeps;
  readonly context: JobContext;
  readonly stage: RunStage;
}

async function make(making: Making): Promise<JobResult> {
  const { workDir } = making.run.deps.settings;
  const { object } = making.admitted;
  try {
    const result = await inWorkspace(workDir, (workspace) => makeIn(workspace, making));
    await dropKept(workDir, object);
    return result;
  } catch (error) {
    if (!willReturn(error)) await dropKept(workDir, object);
    throw error;
  }
}

interface Making {
  readonly job: Job;
  readonly admitted: Admitted;
  readonly claim: Claim;
  readonly run: JobRun;
}

async function makeIn(workspace: Workspace, { job, admitted, claim, run }: Making): Promise<JobResult> {
  const { deps, context, stage } = run;
  const { signal } = context;
  const { assetPath } = admitted;
  const stageRun = { deps, jobId: job.id, signal };
  const { sourcePath } = workspace;
  const fetched = await stage("fetch", () => fetchStage(admitted.object, sourcePath, stageRun));
  if (fetched === "stale") return { outcome: "stale", assetPath };
  if (!claim.isLast) await keepSource(deps.settings.workDir, admitted.object, sourcePath);
  const source = await stage("probe", () => probeSource(sourcePath, { ...deps.tools, limits: deps.settings.limits }, signal));
  context.note?.({ probe: source });
  const plan = await stage("plan", () => planStage({ source, ladder: admitted.ladder, sourcePath, known: claim.left?.content }, stageRun));
  context.note?.({ plan: withoutSource(plan) });
  const uncopied = { ...admitted.ladder, passThrough: false };
  const isCopied = deps.services !== undefined && plan.passThrough?.kind === "copy";
  const encoded = isCopied ? await planStage({ source, ladder: uncopied, sourcePath, known: plan.content }, stageRun) : plan;
  const handed = await handOver({ job, admitted, claim, plan: onNominalGrid(encoded, admitted.ladder) }, run);
  if (handed !== "here") return { outcome: handed, assetPath };
  const revision = nameRevision();
  const { encryption } = admitted.ladder;
  const keyed = encryption ? await stage("key", () => keyStage(encryption, { assetPath, revision }, stageRun)) : stageRun;
  const work = { job, admitted, workspace, claim, stageRun: keyed, run };
  return { outcome: await makeRevisions({ plan, revision }, work), assetPath };
}

/** The plan without what the probe says already. */
function withoutSource({ source: _source, ...plan }: EncodePlan): Omit<EncodePlan, "source"> {
  return plan;
}
