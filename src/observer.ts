import { PACKAGE_VERSION } from "./config/version.ts";
import type { JobEvent, ReportEvent } from "./pipeline/ports.ts";
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
  readonly diskFreeBytes: () => Promise<number>;
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
export function createObserver({ logger, ffmpegVersion = "unknown", sandboxed, diskFreeBytes, onEvent }: ObserverOptions): Observer {
  const metrics = createMetrics({ version: PACKAGE_VERSION, node: process.version, ffmpeg: ffmpegVersion });
  const board = createJobBoard();
  let state: Extract<PollEvent, { kind: "state" }>["state"] = "polling";
  metrics.sandbox(sandboxed);
  metrics.watch({ diskFreeBytes, consumerState: () => state });
  return {
    metrics,
    board,
    job: (event) => {
      metrics.observeEvent(event);
      board.observe(event);
      logStage(event, logger);
      onEvent?.(event);
    },
    message: (event) => {
      if (event.kind === "received") metrics.messageReceived({ ageSeconds: 0, ...event });
      else if (event.kind === "settled") metrics.messageSettled(event.outcome);
      else metrics.leaseExtended(event.result);
      if (event.kind === "extended" && event.result === "lost") metrics.leaseLost();
    },
    poll: (event) => {
      if (event.kind === "state") ({ state } = event);
      else if (event.error) metrics.pollFailed(event.error);
      else metrics.pollSucceeded();
    },
  };
}

/** One line per stage per job (STYLE.md 24); failures are logged once, where the message is settled. */
function logStage(event: JobEvent, logger: Logger): void {
  const { jobId } = event;
  if (event.kind === "started") logger.info({ jobId, bucket: event.bucket, key: event.sourceKey }, "job started");
  if (event.kind === "stage-ended" && !event.code)
    logger.info({ jobId, stage: event.stage, durationSeconds: event.durationSeconds }, "stage ended");
  if (event.kind === "ended") {
    const { outcome, durationSeconds, assetPath, code } = event;
    logger.info({ jobId, outcome, durationSeconds, assetPath, code }, "job ended");
  }
}
