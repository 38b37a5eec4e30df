import type { ErrorCode } from "../domain/errors.ts";
import { JobError } from "../domain/errors.ts";
import type { Job } from "../domain/job.ts";
import type { JobContext } from "./deps.ts";
import type { JobResult } from "./run-job.ts";
import { runJob } from "./run-job.ts";

/** What a strange source can break when it is copied; encoded it may well be whole. */
const OF_THE_COPY: ReadonlySet<ErrorCode> = new Set(["output_misaligned", "output_incomplete", "engine_failed", "stalled"]);

/**
 * Runs the job, and once more without copying when its source was to be copied and the output did not hold: an
 * optimisation never makes a job fail. Throws what `runJob` throws.
 */
export async function runWithFallback(job: Job, run: Parameters<typeof runJob>[1]): Promise<JobResult> {
  const { deps, context } = run;
  let isCopied = false;
  const note: NonNullable<JobContext["note"]> = (found) => {
    if (found.plan) isCopied = found.plan.passThrough?.kind === "copy";
    context.note?.(found);
  };
  try {
    return await runJob(job, { ...run, context: { ...context, note } });
  } catch (error) {
    if (!isCopied || !(error instanceof JobError) || !OF_THE_COPY.has(error.code)) throw error;
    deps.report({ kind: "copy-refused", jobId: job.id, code: error.code, reason: error.message });
    const { decodeErrors } = error.facts;
    return runJob({ ...job, copiesNothing: { decodeErrors: typeof decodeErrors === "number" ? decodeErrors : 0 } }, run);
  }
}
