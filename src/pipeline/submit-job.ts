import type { EncodePlan } from "../domain/encode-plan.ts";
import { EngineError } from "../domain/errors.ts";
import type { Job } from "../domain/job.ts";
import { planEncode } from "../domain/plan-encode.ts";
import { onNominalGrid } from "../domain/timeline.ts";
import { fetchIndex } from "../media/fetch-index.ts";
import { probeSource } from "../media/probe-source.ts";
import type { Admitted } from "./admit.ts";
import { admit, wasOvertaken } from "./admit.ts";
import { fetchStage } from "./fetch-stage.ts";
import { handOver } from "./hand-over.ts";
import { inWorkspace } from "./in-workspace.ts";
import type { ReadRange } from "./ports.ts";
import { SourceChanged } from "./ports.ts";
import type { JobResult, JobRun } from "./run-job.ts";
import { withClaim } from "./with-claim.ts";

/**
 * The part of `runJob` that ends with the submit, for where nothing is encoded: the same job is the same remote job, whichever
 * of the two takes it up. Of a source only what it takes to describe it is read. Throws what `runJob` throws, and EngineError
 * engine_unavailable for a job that ffmpeg is to do.
 */
export async function submitJob(job: Job, run: JobRun, readRange: ReadRange): Promise<JobResult> {
  const { deps, context, stage } = run;
  const admitted = await stage("admit", () => admit(job, deps, context));
  if (admitted.kind !== "admitted") return { outcome: admitted.kind, assetPath: admitted.assetPath };
  const { assetPath } = admitted;
  return withClaim({ job, admitted }, run, async (claimed, claim) => {
    if (await wasOvertaken(admitted, deps, claimed.context)) return { outcome: "duplicate", assetPath };
    const plan = await lookAt(admitted, { jobId: job.id, run: claimed, readRange });
    if (plan === "stale") return { outcome: "stale", assetPath };
    const handed = await handOver({ job, admitted, claim, plan: onNominalGrid(plan, admitted.ladder) }, claimed);
    if (handed === "here") throw new EngineError("engine_unavailable", "ffmpeg is to do it, which does not run here: a worker takes it");
    return { outcome: handed, assetPath };
  });
}

interface Looking {
  readonly jobId: string;
  readonly run: JobRun;
  readonly readRange: ReadRange;
}

/** The plan by what headers and index say: to measure the content takes the whole source, and encodes. */
function lookAt(admitted: Admitted, looking: Looking): Promise<EncodePlan | "stale"> {
  const { deps, context, stage } = looking.run;
  const { settings, tools } = deps;
  return inWorkspace(settings.workDir, async ({ sourcePath }) => {
    const fetched = await stage("fetch", () => fetchEnough(admitted, sourcePath, looking));
    if (fetched === "stale") return "stale";
    const source = await stage("probe", () => probeSource(sourcePath, { ...tools, limits: settings.limits }, context.signal));
    context.note?.({ probe: source });
    const content = { kind: "unknown", reason: "it is not measured where nothing is encoded" } as const;
    // No service copies.
    const { source: described, ...plan } = planEncode(source, { ...admitted.ladder, passThrough: false }, { content });
    context.note?.({ plan });
    return { ...plan, source: described };
  });
}

/** The index of an MP4 is enough; every other source comes whole, if there is room for it. */
async function fetchEnough({ object }: Admitted, path: string, { jobId, run, readRange }: Looking): Promise<"fetched" | "stale"> {
  const { context } = run;
  const { signal } = context;
  const { settings } = run.deps;
  // Nothing is made of it here that takes room.
  const deps = { ...run.deps, settings: { ...settings, disk: { ...settings.disk, sourceFactor: 1 } } };
  let bytes = 0;
  const read = async (from: number, to: number): Promise<Buffer> => {
    signal.throwIfAborted();
    bytes += to - from;
    return readRange(object, { from, to }, signal);
  };
  try {
    if (!(await fetchIndex(path, { sizeBytes: object.sizeBytes, read }))) return await fetchStage(object, path, { deps, jobId, signal });
    deps.report({ kind: "transferred", jobId, direction: "in", bytes });
    return "fetched";
  } catch (error) {
    if (error instanceof SourceChanged) return "stale";
    throw error;
  }
}
