import type { ErrorCode } from "../domain/errors.ts";
import type { EngineName } from "../domain/job.ts";
import type { JobEvent, Stage } from "../pipeline/ports.ts";
import type { PublishResult } from "./metric-labels.ts";
import type { MetricSet } from "./metric-set.ts";

interface Running {
  stage?: Stage;
  engine: EngineName | "none";
  speed?: number;
}

interface StageEnd {
  readonly jobId: string;
  readonly stage: Stage;
  readonly durationSeconds: number;
  readonly code?: ErrorCode;
}

/** What turns job events into metrics. It remembers running jobs only, so that it does not grow. */
export interface JobMetrics {
  observe(event: JobEvent): void;
}

/** Job metrics over these instruments. */
export function createJobMetrics(set: MetricSet): JobMetrics {
  const running = new Map<string, Running>();
  const jobOf = (jobId: string): Running => {
    const job = running.get(jobId) ?? { engine: "none" };
    running.set(jobId, job);
    return job;
  };

  const enter = (job: Running, stage: Stage | undefined): void => {
    if (job.stage) set.jobsInProgress.dec({ phase: job.stage });
    if (stage) set.jobsInProgress.inc({ phase: stage });
    if (stage) job.stage = stage;
    else delete job.stage;
  };

  const stageEnded = ({ jobId, stage, durationSeconds, code }: StageEnd): void => {
    set.phaseDuration.observe({ phase: stage, outcome: code ? "failed" : "ok" }, durationSeconds);
    if (code) set.phaseFailures.inc({ phase: stage, reason: code });
    const { speed } = jobOf(jobId);
    if (stage === "encode" && speed !== undefined && !code) set.realtimeRatio.observe(speed);
  };

  const observe = (event: JobEvent): void => {
    const job = jobOf(event.jobId);
    if (isUncounted(event)) return;
    if (isWork(event)) return countWork(event, set);
    switch (event.kind) {
      case "stage-started":
        return enter(job, event.stage);
      case "progress":
        return keepSpeed(job, event);
      case "stage-ended":
        return stageEnded(event);
      case "engine-chosen":
        job.engine = event.engine;
        set.engineChosen.inc({ engine: event.engine, reason: event.why });
        return;
      case "ended":
        enter(job, undefined);
        running.delete(event.jobId);
        jobEnded(event, job.engine, set);
    }
  };

  return { observe };
}

const UNCOUNTED = ["started", "waiting", "text-missed", "copy-refused", "resumed"] as const;
/** What no metric tells of. */
const isUncounted = (event: JobEvent): event is Extract<JobEvent, { kind: (typeof UNCOUNTED)[number] }> =>
  UNCOUNTED.some((kind) => kind === event.kind);

function keepSpeed(job: Running, { stage, speed }: Extract<JobEvent, { kind: "progress" }>): void {
  if (stage === "encode" && speed !== undefined) job.speed = speed;
}

const WORK = ["engine-ended", "verification-failed", "transferred", "published"] as const;
type Work = Extract<JobEvent, { kind: (typeof WORK)[number] }>;

const isWork = (event: JobEvent): event is Work => WORK.some((kind) => kind === event.kind);

function countWork(event: Work, set: MetricSet): void {
  switch (event.kind) {
    case "engine-ended":
      return set.ffmpegExits.inc({ class: event.exit });
    case "verification-failed":
      return set.verificationFailures.inc({ check: event.check });
    case "transferred":
      return set.s3Bytes.inc({ direction: event.direction }, event.bytes);
    case "published":
      set.publishedSets.inc({ kind: event.set });
      // Its message was settled as submitted, and no message of it is settled any more.
      if (event.asset.engine !== "ffmpeg" && event.set === "full") set.settled.inc({ outcome: "published" });
      if (event.isFirst && event.secondsSinceUpload !== undefined) set.firstPlayable.observe(event.secondsSinceUpload);
  }
}

type Ended = Extract<JobEvent, { kind: "ended" }>;

function jobEnded(event: Ended, engine: EngineName | "none", set: MetricSet): void {
  const { outcome, durationSeconds, secondsSinceUpload } = event;
  set.jobDuration.observe({ engine, outcome }, durationSeconds);
  const result = publishResultOf(event);
  if (result) set.published.inc({ result });
  if (result !== "committed") return;
  set.lastPublish.setToCurrentTime();
  if (secondsSinceUpload !== undefined) set.timeToPublish.observe(secondsSinceUpload);
}

function publishResultOf({ outcome, code }: Ended): PublishResult | undefined {
  if (outcome === "published") return "committed";
  if (outcome === "duplicate") return "already";
  if (outcome === "stale") return "stale";
  return code === "destination_conflict" ? "conflict" : undefined;
}
