import type { WorkerJob } from "../domain/job.ts";
import { assetPathOf } from "../publish/identity.ts";
import type { JobRecord } from "../state/job-records.ts";
import { linesForRecord, writeJobRecord } from "../state/job-records.ts";
import type { AttemptWork } from "./attempt.ts";
import { attemptJob } from "./attempt.ts";
import type { JobContext, PipelineDeps } from "./deps.ts";
import type { JobEvent, ObjectStore, Outcome } from "./ports.ts";
import type { JobResult } from "./run-job.ts";

export interface RecordedRun {
  readonly deps: PipelineDeps;
  readonly context: JobContext;
  /** Of the state bucket. */
  readonly store: Pick<ObjectStore, "writeText">;
  /** Instead of the whole job: a part of it, or what is left of one that this engine did. */
  readonly rest?: { readonly engine?: NonNullable<JobRecord["engine"]>; readonly work: AttemptWork };
}

/** A job that is told to stop has seconds left. */
const DEADLINE_MS = 2000;
/** What did no work has nothing to tell, and who lost the lease writes nothing more. */
const WORTH_A_RECORD: ReadonlySet<Outcome> = new Set(["published", "submitted", "rejected", "failed", "released"]);

/** An attempt that leaves a record of how it went, for `inspect`; a record that cannot be written changes nothing. */
export async function recordedAttempt(job: WorkerJob, { deps, context, store, rest }: RecordedRun): Promise<JobResult> {
  const seen = watchAttempt(rest?.engine ? { engine: rest.engine } : {});
  const report = (event: JobEvent): void => {
    seen.observe(event);
    deps.report(event);
  };
  const note: JobContext["note"] = (found) => {
    if (found.plan) seen.plan(found.plan);
    context.note?.(found);
  };
  try {
    return await attemptJob(job, { ...deps, report, ...(rest ? { work: rest.work } : {}) }, { ...context, note });
  } finally {
    const record = seen.record({ jobId: job.id, messageId: context.messageId, ...placeOf(job, deps) });
    if (record) await writeJobRecord(store, record, AbortSignal.timeout(DEADLINE_MS)).catch(() => undefined);
  }
}

/** Subtitles that are attached leave the film's own attempt the last one of its asset. */
function placeOf(job: WorkerJob, { settings }: PipelineDeps): Pick<JobRecord, "bucket" | "sourceKey" | "assetPath"> {
  if ("subtitles" in job) return { bucket: job.subtitles.bucket, sourceKey: job.subtitles.key };
  const { bucket, key: sourceKey } = job.source;
  const path = job.assetPath ?? assetPathOf(settings.assetPathTemplate, job.source);
  return { bucket, sourceKey, assetPath: settings.publishPrefix + path };
}

function watchAttempt(known: Pick<JobRecord, "engine">) {
  const stages = new Map<string, number>();
  let ended: Extract<JobEvent, { kind: "ended" }> | undefined;
  let facts: Partial<Pick<JobRecord, "revision" | "engine" | "plan">> = known;
  let stderr = "";
  return {
    plan: (plan: unknown): void => {
      facts = { ...facts, plan };
    },
    observe: (event: JobEvent): void => {
      if (event.kind === "stage-ended") stages.set(event.stage, (stages.get(event.stage) ?? 0) + event.durationSeconds);
      if (event.kind === "engine-chosen") facts = { ...facts, engine: { name: event.engine, reason: event.reason } };
      if (event.kind === "published") facts = { ...facts, revision: event.revision };
      if (event.kind === "ended") ended = event;
      if (event.kind !== "engine-ended") return;
      ({ stderr = "" } = event);
      if (facts.engine) facts = { ...facts, engine: { ...facts.engine, exit: event.exit } };
    },
    record: (about: Pick<JobRecord, "jobId" | "messageId" | "bucket" | "sourceKey" | "assetPath">): JobRecord | undefined => {
      if (!ended || !WORTH_A_RECORD.has(ended.outcome)) return undefined;
      const { outcome, durationSeconds, code, reason } = ended;
      const [why = ""] = linesForRecord(reason ?? "");
      return {
        ladderd: 1,
        ...about,
        outcome,
        ...(code === undefined ? {} : { code }),
        ...(why === "" ? {} : { reason: why }),
        durationSeconds,
        stages: Object.fromEntries(stages),
        plan: undefined,
        ...facts,
        lastLines: linesForRecord(stderr),
        endedAt: new Date().toISOString(),
      };
    },
  };
}
