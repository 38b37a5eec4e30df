import type { ErrorCode } from "../domain/errors.ts";
import type { EngineName } from "../domain/job.ts";
import type { JobEvent, Stage } from "../pipeline/ports.ts";
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
  /** Says which engine a job went to; jobs that never reach the encode stage count as "none". */
  engineChosen(jobId: string, engine: EngineName): void;
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
    switch (event.kind) {
      case "started":
        return;
      case "stage-started":
        return enter(job, event.stage);
      case "progress":
        if (event.stage === "encode" && event.speed !== undefined) job.speed = event.speed;
        return;
      case "stage-ended":
        return stageEnded(event);
      case "ended":
        enter(job, undefined);
        running.delete(event.jobId);
        set.jobDuration.observe({ engine: job.engine, outcome: event.outcome }, event.durationSeconds);
    }
  };

  return {
    observe,
    engineChosen: (jobId, engine) => {
      jobOf(jobId).engine = engine;
    },
  };
}
