import type { InstanceIdentity } from "./lifecycle/identity.ts";
import { BUILD_ID, PACKAGE_VERSION } from "./config/version.ts";
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
  const metrics = createMetrics({ ...options, version: PACKAGE_VERSION, build: BUILD_ID, node: process.version, ffmpeg: ffmpegVersion });
  const board = createJobBoard();
  const leases = new Map<string, () => number>();
  const sums = jobSums();
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
      sums.add(event);
      logStage(event, { logger, sums });
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

/** What is told once, at a job's end. */
interface Sums {
  /** Seconds. */
  readonly stages: Readonly<Record<string, number>>;
  readonly bytes: Readonly<Record<"in" | "out", number>>;
}

interface JobSums {
  add(event: JobEvent): void;
  take(jobId: string): Sums;
}

const NOTHING: Sums = { stages: {}, bytes: { in: 0, out: 0 } };

/** Seconds per stage and bytes of the running jobs, for the one line at each job's end (R-O3). */
function jobSums(): JobSums {
  const byJob = new Map<string, Sums>();
  const change = (jobId: string, next: (sums: Sums) => Partial<Sums>): void => {
    const sums = byJob.get(jobId) ?? NOTHING;
    byJob.set(jobId, { ...sums, ...next(sums) });
  };
  return {
    add: (event) => {
      if (event.kind === "stage-ended") {
        const { jobId, stage, durationSeconds } = event;
        // A job that publishes an early part first passes through some stages twice.
        change(jobId, ({ stages }) => ({ stages: { ...stages, [stage]: Number(((stages[stage] ?? 0) + durationSeconds).toFixed(3)) } }));
      }
      if (event.kind === "transferred") {
        const { jobId, direction } = event;
        change(jobId, ({ bytes }) => ({ bytes: { ...bytes, [direction]: bytes[direction] + event.bytes } }));
      }
    },
    take: (jobId) => {
      const sums = byJob.get(jobId) ?? NOTHING;
      byJob.delete(jobId);
      return sums;
    },
  };
}

/** One line per stage per job (STYLE.md 24); failures are logged once, where the message is settled. */
function logStage(event: JobEvent, { logger, sums }: { logger: Logger; sums: JobSums }): void {
  const { jobId } = event;
  if (event.kind === "started") logger.info({ jobId, bucket: event.bucket, key: event.sourceKey }, "job started");
  if (event.kind === "copy-refused")
    logger.warn({ jobId, code: event.code, reason: event.reason }, "the source cannot be copied, so it is encoded");
  if (event.kind === "waiting") logger.info({ jobId, memoryBytes: event.memoryBytes }, "job waits until others need less memory");
  if (event.kind === "text-missed")
    logger.warn({ jobId, what: event.what, reason: event.reason }, "subtitles are not in the published film");
  if (event.kind === "resumed") logger.info({ jobId, segments: event.segments, ofSegments: event.ofSegments }, "job resumed");
  if (event.kind === "stage-ended" && !event.code)
    logger.info({ jobId, stage: event.stage, durationSeconds: event.durationSeconds }, "stage ended");
  if (event.kind === "published") {
    const { kind, ...facts } = event;
    logger.info(facts, "revision published");
  }
  if (event.kind === "ended") {
    const { kind, sourceKey: key, ...facts } = event;
    logger.info({ ...facts, key, ...sums.take(jobId) }, "job ended");
  }
}
