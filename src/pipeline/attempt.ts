import { JobError } from "../domain/errors.ts";
import type { SourceRef, WorkerJob } from "../domain/job.ts";
import { runAttach } from "./run-attach.ts";
import type { JobContext, PipelineDeps } from "./deps.ts";
import type { Outcome } from "./ports.ts";
import { OUTCOME_OF } from "./ports.ts";
import type { JobResult, JobRun } from "./run-job.ts";
import { runWithFallback } from "./run-with-fallback.ts";
import { sinceUpload } from "./since-upload.ts";
import { stageClock } from "./stage-clock.ts";

/** What an attempt does: all of the job, or what a service left of it. */
export type AttemptWork = (job: WorkerJob, run: JobRun) => Promise<JobResult>;

const wholeJob: AttemptWork = (job, run) => ("subtitles" in job ? runAttach(job, run) : runWithFallback(job, run));

/** Runs one attempt and reports its beginning, its stages and its end; passes the result and the errors of the job through. */
export async function attemptJob(
  job: WorkerJob,
  { work = wholeJob, ...deps }: PipelineDeps & { readonly work?: AttemptWork },
  context: JobContext,
): Promise<JobResult> {
  const { report } = deps;
  const { bucket, key: sourceKey } = sourceOf(job);
  const started = performance.now();
  const ended = (how: { outcome: Outcome; assetPath?: string; code?: JobError["code"]; reason?: string }): void =>
    report({ kind: "ended", jobId: job.id, sourceKey, durationSeconds: (performance.now() - started) / 1000, ...sinceUpload(job), ...how });
  report({ kind: "started", jobId: job.id, bucket, sourceKey });
  try {
    const run = { deps, context, stage: stageClock(job.id, report) };
    const result = await work(job, run);
    ended(result);
    return result;
  } catch (error) {
    if (error instanceof JobError) ended({ outcome: OUTCOME_OF[error.disposition], code: error.code, reason: error.message });
    else ended({ outcome: "failed", reason: error instanceof Error ? error.message : "unknown" });
    throw error;
  }
}

const sourceOf = (job: WorkerJob): SourceRef => ("subtitles" in job ? job.subtitles : job.source);
