import { createS3Client, createSqsClient } from "./aws/clients.ts";
import { createS3ObjectStore } from "./aws/s3-object-store.ts";
import { createS3SourceStore } from "./aws/s3-source-store.ts";
import { createQueue } from "./aws/sqs-queue.ts";
import type { DaemonConfig } from "./config/config.ts";
import { ConfigError } from "./config/config-error.ts";
import { loadLadders } from "./config/ladders.ts";
import { createObserver } from "./observer.ts";
import { attemptJob } from "./pipeline/attempt.ts";
import type { PipelineDeps } from "./pipeline/deps.ts";
import { freeBytes } from "./pipeline/disk.ts";
import type { ReportEvent } from "./pipeline/ports.ts";
import { sweepWorkspaces } from "./pipeline/workspace.ts";
import { startConsumers } from "./queue/consumers.ts";
import { createMessageHandler } from "./queue/handle-message.ts";
import type { Queue } from "./queue/queue.ts";
import { createFailureStore } from "./state/failures.ts";
import { judgeHealth, judgeReadiness } from "./telemetry/health.ts";
import { startHttp } from "./telemetry/http.ts";
import type { Logger } from "./telemetry/logger.ts";
import { openTools } from "./tools.ts";

export interface WorkerOptions {
  readonly logger: Logger;
  /** Version of the ffmpeg that was found, for the metrics. */
  readonly ffmpegVersion?: string;
  readonly onEvent?: ReportEvent;
}

/** The running daemon. */
export interface Worker {
  readonly httpUrl: string;
  /** Takes no new message, lets open receives end and running jobs finish within the budget; resolves when nothing runs. */
  drain(): Promise<void>;
  /** Ends the running jobs now and gives their messages back. */
  cancel(): void;
  /** Ends open receives without waiting; what SQS was about to hand out stays hidden for its visibility timeout. */
  abortPolls(): void;
  /** Frees sockets and the port; call it when nothing runs any more. */
  close(): Promise<void>;
}

/** Failures of its own making after which a job is given up (R-Q10). */
const MAX_FAILURES = 3;
const POLL_WAIT_SECONDS = 20;

/**
 * The composition root: builds every adapter in order and starts to receive. Throws ConfigError when the sandbox, the port
 * or the queue is not as configured.
 */
export async function startWorker(config: DaemonConfig, options: WorkerOptions): Promise<Worker> {
  const { logger } = options;
  await using undo = new AsyncDisposableStack();
  const tools = await openTools(config, new AbortController().signal);
  if (tools.sandboxMissing.length > 0) logger.warn({ missing: tools.sandboxMissing }, "media programs run without part of their sandbox");
  const s3 = createS3Client({ ...config, ...config.s3 });
  const clients = {
    receive: createSqsClient({ ...config, maxAttempts: 1 }),
    other: createSqsClient(config),
    heartbeat: createSqsClient(config),
  };
  for (const client of [s3, ...Object.values(clients)]) undo.defer(async () => client.destroy());
  const queue = createQueue({ client: clients.other, heartbeatClient: clients.heartbeat, queueUrl: config.queueUrl });
  await requireQueue(queue);
  const swept = await sweepWorkspaces(config.workDir);
  if (swept.length > 0) logger.info({ folders: swept }, "work folders of processes that are gone removed");

  const observer = createObserver({
    ...options,
    sandboxed: tools.sandboxMissing.length === 0,
    diskFreeBytes: () => freeBytes(config.workDir),
  });
  const deps: PipelineDeps = {
    sources: createS3SourceStore(s3),
    published: createS3ObjectStore(s3, config.publishBucket),
    ladders: loadLadders(),
    settings: config,
    tools,
    report: observer.job,
  };
  const handle = createMessageHandler({
    rules: { uploadBuckets: config.uploadBuckets, publishBucket: config.publishBucket, publishPrefix: config.publishPrefix },
    runJob: async (job, context) => (await attemptJob(job, deps, context)).outcome,
    queue,
    failures: createFailureStore(createS3ObjectStore(s3, config.stateBucket)),
    lease: {
      visibilitySeconds: config.lease.visibilitySeconds,
      everySeconds: config.lease.extendSeconds,
      marginSeconds: config.lease.marginSeconds,
    },
    maxFailures: MAX_FAILURES,
    logger,
    report: observer.message,
  });
  const life = { startedMs: performance.now(), draining: false };
  const consumers = startConsumers({
    queueUrl: config.queueUrl,
    client: clients.receive,
    queue,
    slots: config.concurrency,
    visibilitySeconds: config.lease.visibilitySeconds,
    waitTimeSeconds: POLL_WAIT_SECONDS,
    handle,
    mayReceive: async () => (await freeBytes(config.workDir)) >= config.disk.minimumFreeBytes,
    logger,
    report: observer.poll,
  });
  undo.defer(async () => consumers.abortPolls());
  const http = await startHttp({
    ...config.http,
    metrics: observer.metrics,
    board: observer.board,
    health: () =>
      judgeHealth({
        nowMs: performance.now(),
        startedMs: life.startedMs,
        lastPollMs: consumers.lastPollAt(),
        pollWaitSeconds: POLL_WAIT_SECONDS,
        lastJobEventsMs: [...observer.board.lastEvents().values()],
        draining: life.draining,
      }),
    readiness: async () =>
      judgeReadiness({
        started: true,
        draining: life.draining,
        freeBytes: await freeBytes(config.workDir),
        minimumFreeBytes: config.disk.minimumFreeBytes,
      }),
    logger,
  });
  undo.defer(() => http.close());
  logger.info({ http: http.url, queue: config.queueUrl, slots: config.concurrency }, "receiving");

  const resources = undo.move();
  const cancel = (): void => consumers.cancel("the worker stops");
  return {
    httpUrl: http.url,
    drain: async () => {
      life.draining = true;
      observer.metrics.interrupted("signal");
      const started = performance.now();
      const deadline = setTimeout(cancel, config.drainSeconds * 1000);
      await consumers.drain().finally(() => clearTimeout(deadline));
      const seconds = (performance.now() - started) / 1000;
      observer.metrics.drained({ seconds, forced: seconds >= config.drainSeconds });
    },
    cancel,
    abortPolls: () => {
      life.draining = true;
      consumers.abortPolls();
    },
    close: async () => {
      consumers.abortPolls();
      await consumers.drain();
      await resources.disposeAsync();
    },
  };
}

/** A wrong URL or a missing permission shows now, not after the first upload. */
async function requireQueue(queue: Queue): Promise<void> {
  try {
    await queue.checkQueue();
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new ConfigError([`queueUrl (LADDERD_QUEUE_URL): the queue does not answer (${why})`], { cause: error });
  }
}
