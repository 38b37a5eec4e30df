import { PACKAGE_VERSION } from "./config/version.ts";
import type { InstanceIdentity } from "./lifecycle/identity.ts";
import type { JobEvent, ReportEvent } from "./pipeline/ports.ts";
import { runningPrograms } from "./process/running-programs.ts";
import type { PollEvent } from "./queue/consumers.ts";
import type { MessageEvent } from "./queue/handle-message.ts";
import type { JobBoard } from "./telemetry/jobs.ts";
import { createJobBoard } from "./telemetry/jobs.ts";
import type { Logger } from "./telemetry/logger.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import { createMetrics } from "./telemetry/metrics.ts";

export interface ObserverOptions {
  readonly logger: Logger;
  readonly ffmpegVersion?: string;
  readonly sandboxed: boolean;
  readonly configHash: string;
  readonly slots?: number;
  readonly instance?: InstanceIdentity | undefined;
  readonly diskFreeBytes: () => Promise<number>;
  readonly workDirBytes: () => Promise<number>;
  readonly onEvent?: ReportEvent;
}

/** Whoever watches the worker: metrics, the job board, the log and a caller's own eyes. */
export interface Observer {
  readonly metrics: Metrics;
  readonly board: JobBoard;
  readonly job: ReportEvent;
  readonly message: (event: MessageEvent) => void;
  readonly poll: (event: PollEvent) => void;
}

/** Connects what happens to everything that shows it. */
export function createObserver(options: ObserverOptions): Observer {
  const { logger, ffmpegVersion = "unknown", sandboxed, diskFreeBytes, workDirBytes, onEvent } = options;
  const metrics = createMetrics({ ...options, version: PACKAGE_VERSION, node: process.version, ffmpeg: ffmpegVersion });
  const board = createJobBoard();
  const leases = new Map<string, () => number>();
  const stages = stageTimes();
  let state: Extract<PollEvent, { kind: "state" }>["state"] = "polling";
  const leaseRemainingSeconds = (): number | undefined =>
    leases.size > 0 ? Math.min(...leases.values().map((left) => left())) : undefined;
  metrics.sandbox(sandboxed);
  metrics.watch({ diskFreeBytes, workDirBytes, leaseRemainingSeconds, consumerState: () => state, ffmpegChildren: runningPrograms });
  return {
    metrics,
    board,
    job: (event) => {
      metrics.observeEvent(event);
      board.observe(event);
      logStage(event, { logger, stages });
      onEvent?.(event);
    },
    message: (event) => {
      if (event.kind === "received") metrics.messageReceived({ ageSeconds: 0, ...event });
      else if (event.kind === "leased") leases.set(event.messageId, event.remainingSeconds);
      else if (event.kind === "extended") metrics.leaseExtended(event.result);
      else {
        leases.delete(event.messageId);
        metrics.messageSettled(event.outcome);
      }
      if (event.kind === "extended" && event.result === "lost") metrics.leaseLost();
    },
    poll: (event) => {
      if (event.kind === "state") ({ state } = event);
      else if (event.error) metrics.pollFailed(event.error);
      else metrics.pollSucceeded();
    },
  };
}

interface StageTimes {
  add(event: Extract<JobEvent, { kind: "stage-ended" }>): void;
  take(jobId: string): Readonly<Record<string, number>>;
}

/** Seconds per stage of the running jobs, for the one line at each job's end (R-O3). */
function stageTimes(): StageTimes {
  const byJob = new Map<string, Map<string, number>>();
  return {
    add: ({ jobId, stage, durationSeconds }) => {
      const times = byJob.get(jobId) ?? new Map<string, number>();
      // A job that publishes an early part first passes through some stages twice.
      byJob.set(jobId, times.set(stage, Number(((times.get(stage) ?? 0) + durationSeconds).toFixed(3))));
    },
    take: (jobId) => {
      const times = Object.fromEntries(byJob.get(jobId) ?? []);
      byJob.delete(jobId);
      return times;
    },
  };
}

/** One line per stage per job (STYLE.md 24); failures are logged once, where the message is settled. */
function logStage(event: JobEvent, { logger, stages }: { logger: Logger; stages: StageTimes }): void {
  const { jobId } = event;
  if (event.kind === "started") logger.info({ jobId, bucket: event.bucket, key: event.sourceKey }, "job started");
  if (event.kind === "copy-refused")
    logger.warn({ jobId, code: event.code, reason: event.reason }, "the source cannot be copied, so it is encoded");
  if (event.kind === "resumed") logger.info({ jobId, segments: event.segments, ofSegments: event.ofSegments }, "job resumed");
  if (event.kind === "stage-ended") {
    stages.add(event);
    if (!event.code) logger.info({ jobId, stage: event.stage, durationSeconds: event.durationSeconds }, "stage ended");
  }
  if (event.kind === "published") {
    const { kind, ...facts } = event;
    logger.info(facts, "revision published");
  }
  if (event.kind === "ended") {
    const { kind, sourceKey: key, ...facts } = event;
    logger.info({ ...facts, key, stages: stages.take(jobId) }, "job ended");
  }
}
