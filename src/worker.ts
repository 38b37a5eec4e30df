import type { Aws } from "./aws/open-aws.ts";
import type { Credentials } from "./aws/credentials.ts";
import { openAws } from "./aws/open-aws.ts";
import { requireQueue } from "./lifecycle/require-queue.ts";
import { openNotifier } from "./aws/open-notifier.ts";
import { configHash } from "./config/config-hash.ts";
import { ConfigError } from "./config/config-error.ts";
import type { DaemonConfig } from "./config/config.ts";
import type { ErrorCode } from "./domain/errors.ts";
import { armFailpoint } from "./lifecycle/arm-failpoint.ts";
import type { InstanceIdentity } from "./lifecycle/identity.ts";
import { watchDepths } from "./lifecycle/watch-depths.ts";
import { sweepRegularly } from "./lifecycle/sweep-regularly.ts";
import type { Observer } from "./observer.ts";
import { createObserver } from "./observer.ts";
import { freeBytes, hasRoom, usedBytes } from "./pipeline/disk.ts";
import type { ReportEvent } from "./pipeline/ports.ts";
import { makeRoom, sweepKept } from "./pipeline/kept-source.ts";
import type { MemoryGate } from "./pipeline/memory-gate.ts";
import { openWorkspace, sweepWorkspaces } from "./pipeline/workspace.ts";
import type { Consumers } from "./queue/consumers.ts";
import { startConsumers } from "./queue/consumers.ts";
import { joinConsumers } from "./queue/join-consumers.ts";
import type { MessageEvent } from "./queue/handle-message.ts";
import { createIntakeBreaker } from "./queue/intake-breaker.ts";
import { watchSettlements } from "./queue/watch-settlements.ts";
import { jobHandler, pipelineDeps } from "./job-handler.ts";
import { leaseOf, openServices, startRemoteSide } from "./services.ts";
import { sweepBuckets } from "./state/sweep-buckets.ts";
import { reportToCloudWatch } from "./telemetry/emf.ts";
import { judgeHealth, judgeReadiness } from "./telemetry/health.ts";
import type { HttpOptions } from "./telemetry/http.ts";
import { startHttp } from "./telemetry/http.ts";
import type { Logger } from "./telemetry/logger.ts";
import type { Interruption } from "./telemetry/metric-labels.ts";
import { openTools, tryPrograms } from "./tools.ts";

export interface WorkerOptions {
  readonly logger: Logger;
  /** Version of the ffmpeg that was found, for the metrics. */
  readonly ffmpegVersion?: string;
  /** The EC2 instance it runs on, where that is known. */
  readonly instance?: InstanceIdentity | undefined;
  readonly onEvent?: ReportEvent;
  readonly credentials: Credentials;
}

/** The running daemon. */
export interface Worker {
  readonly httpUrl: string;
  runningJobs(): number;
  /**
   * Takes no new message and lets open receives end; resolves when nothing runs. After a signal running jobs have the
   * drain's budget to finish in, without one they have as long as they need. May be called again for another reason.
   * Rejects when nothing runs and SQS has not confirmed what became of a message that was settled meanwhile (R-D2).
   */
  drain(why: Interruption): Promise<void>;
  /** Ends the running jobs now and gives their messages back. */
  cancel(): void;
  /** Ends open receives without waiting; what SQS was about to hand out stays hidden for its visibility timeout. */
  abortPolls(): void;
  /** Frees sockets and the port; call it when nothing runs any more. */
  close(): Promise<void>;
}

const POLL_WAIT_SECONDS = 20;
/** RELIABILITY.md R-P9. */
const GARBAGE_SECONDS = 24 * 3600;

/**
 * The composition root: builds every adapter in order and starts to receive. Throws ConfigError when the sandbox, the port
 * or the queue is not as configured.
 */
export async function startWorker(config: DaemonConfig, options: WorkerOptions): Promise<Worker> {
  const { logger, credentials } = options;
  await using undo = new AsyncDisposableStack();
  const { ffmpegVersion = "unknown" } = options;
  const { signal } = new AbortController();
  const tools = { ...(await tryPrograms(await openTools(config, signal), config.sandbox, signal)), ffmpegVersion };
  tellFences(config, tools, logger);
  const notifier = await openNotifier(config, logger, credentials);
  undo.defer(() => notifier.close());
  const watching = createObserver({
    ...options,
    onEvent: (event) => {
      notifier.job(event);
      options.onEvent?.(event);
    },
    sandboxed: tools.isFenced,
    configHash: configHash(config),
    slots: config.concurrency,
    diskFreeBytes: () => freeBytes(config.workDir),
    workDirBytes: () => usedBytes(config.workDir),
  });
  const armed = armFailpoint(config.failpoint, options);
  const observer = { ...watching, job: armed?.report(watching.job) ?? watching.job };
  const opened = openAws(config, observer.metrics, credentials);
  const aws = armed?.aws(opened) ?? opened;
  undo.defer(async () => aws.close());
  const { deadLetterQueueUrl } = await requireQueue(aws.queue);
  const swept = await sweepWorkspaces(config.workDir);
  await sweepKept(config.workDir);
  if (swept.length > 0) logger.info({ folders: swept }, "work folders of processes that are gone removed");
  await requireWorkDir(config);

  const breaker = createIntakeBreaker({ onChange: (heldFor) => tellHold(heldFor, { logger, observer }) });
  const { namespace } = config.emf;
  const cloudWatch = namespace === undefined ? undefined : undo.use(reportToCloudWatch({ namespace, metrics: observer.metrics, logger }));
  const report = (event: MessageEvent): void => {
    observer.message(event);
    cloudWatch?.message(event);
    if (event.kind === "settled") breaker.note(event);
  };
  const remote = undo.use(await openServices(config, { aws, credentials, observer, logger, arm: armed?.engine }));
  const deps = { ...pipelineDeps(config, { aws, tools, observer }), ...remote };
  const { queue, unconfirmed } = watchSettlements(aws.queue);
  const handle = jobHandler(config, { aws, deps, queue, logger, report, notify: async (record) => notifier.rejected(record) });
  const life: Life = { startedMs: performance.now(), draining: false };
  // Before anything is received: a port that is taken would cost a receive at every start.
  const http = await startHttp({
    ...config.http,
    metrics: observer.metrics,
    board: observer.board,
    ...judges(config, { observer, life }),
    logger,
  });
  undo.defer(() => http.close());
  // From here on nothing is awaited: who called has its signal handlers before the first receive is sent.
  const jobs = startConsumers({
    queueUrl: config.queueUrl,
    client: aws.receiveClient,
    queue,
    slots: config.concurrency,
    visibilitySeconds: config.lease.visibilitySeconds,
    waitTimeSeconds: POLL_WAIT_SECONDS,
    handle,
    mayReceive: async () =>
      deps.memory?.isCrowded() !== true && (await makeRoom(config.workDir, config.disk.minimumFreeBytes)) && breaker.mayReceive(),
    logger,
    report: observer.poll,
  });
  const side = undo.use(startRemoteSide(config, { aws, logger, deps, lease: leaseOf(config), waitTimeSeconds: POLL_WAIT_SECONDS }));
  const consumers = joinConsumers(jobs, side.consumers);
  life.consumers = consumers;
  undo.defer(async () => consumers.abortPolls());
  undo.use(
    watchDepths({
      queues: { jobs: config.queueUrl, dead_letters: deadLetterQueueUrl },
      read: aws.readDepth,
      onDepths: observer.metrics.queueDepths,
      logger,
    }),
  );
  if (config.gc.everyHours > 0) undo.use(collectGarbage(config, { aws, observer, logger }));
  logger.info({ http: http.url, queue: config.queueUrl, slots: config.concurrency }, "receiving");
  return control({ config, consumers, observer, life, unconfirmed, memory: deps.memory, httpUrl: http.url, resources: undo.move() });
}

function tellFences({ sandbox }: DaemonConfig, tools: Awaited<ReturnType<typeof tryPrograms>>, logger: Logger): void {
  const facts = { sandbox, fences: tools.sandbox, missing: tools.sandboxMissing };
  if (tools.isFenced) logger.info(facts, "media programs run in their sandbox");
  else logger.warn(facts, "media programs run without part of their sandbox");
}

/** Beside the jobs; any number of workers may do it at once. */
function collectGarbage(
  config: DaemonConfig,
  { aws, observer, logger }: { readonly aws: Aws; readonly observer: Observer; readonly logger: Logger },
): AsyncDisposable {
  const { publishBucket, stateBucket, publishPrefix, gc } = config;
  const options = { stores: aws, publishBucket, stateBucket, publishPrefix, olderThanSeconds: GARBAGE_SECONDS, dryRun: false };
  return sweepRegularly({
    ...gc,
    sweep: (signal) => sweepBuckets({ ...options, onRemoved: observer.metrics.orphansDeleted }, signal),
    logger,
  });
}

/** What the worker knows of its own course. Monotonic milliseconds. */
interface Life {
  readonly startedMs: number;
  draining: boolean;
  /** Once it receives. */
  consumers?: Consumers;
}

/** One line a change, and a gauge to raise an alarm on. */
function tellHold(heldFor: ErrorCode | undefined, { logger, observer }: { readonly logger: Logger; readonly observer: Observer }): void {
  observer.metrics.intakeHeld(heldFor);
  if (heldFor === undefined) logger.info("a job got through: the intake is open again");
  else logger.error({ code: heldFor }, "every job fails of this: the intake pauses, one message a minute is tried");
}

interface JudgeParts {
  readonly observer: Observer;
  readonly life: Life;
}

function judges(config: DaemonConfig, { observer, life }: JudgeParts): Pick<HttpOptions, "health" | "readiness"> {
  return {
    health: () =>
      judgeHealth({
        nowMs: performance.now(),
        startedMs: life.startedMs,
        lastPollMs: life.consumers?.lastPollAt(),
        pollWaitSeconds: POLL_WAIT_SECONDS,
        lastJobEventsMs: [...observer.board.lastEvents().values()],
        draining: life.draining,
      }),
    readiness: async () =>
      judgeReadiness({
        started: life.consumers !== undefined,
        draining: life.draining,
        freeBytes: await freeBytes(config.workDir),
        minimumFreeBytes: config.disk.minimumFreeBytes,
      }),
  };
}

interface ControlParts extends JudgeParts {
  readonly config: DaemonConfig;
  readonly consumers: Consumers;
  readonly unconfirmed: () => number;
  readonly memory: MemoryGate | undefined;
  readonly httpUrl: string;
  readonly resources: AsyncDisposableStack;
}

function control({ config, consumers, observer, life, unconfirmed, memory, httpUrl, resources }: ControlParts): Worker {
  const cancel = (): void => consumers.cancel("the worker stops");
  const abortPolls = (): void => {
    life.draining = true;
    consumers.abortPolls();
  };
  return {
    httpUrl,
    cancel,
    abortPolls,
    runningJobs: () => consumers.running(),
    drain: async (why) => {
      life.draining = true;
      memory?.drain();
      observer.metrics.interrupted(why);
      const started = performance.now();
      const before = unconfirmed();
      let forced = false;
      const force = (): void => {
        forced = true;
        cancel();
      };
      // Only who sends signals has a kill timeout.
      const deadline = why === "signal" ? setTimeout(force, config.drainSeconds * 1000) : undefined;
      await consumers.drain().finally(() => clearTimeout(deadline));
      observer.metrics.drained({ seconds: (performance.now() - started) / 1000, forced });
      const open = unconfirmed() - before;
      if (open > 0) throw new Error(`SQS did not confirm what became of ${open} messages: they come back by their visibility timeout`);
    },
    close: async () => {
      abortPolls();
      await consumers.drain();
      await resources.disposeAsync();
    },
  };
}

/** A folder that cannot be written to, or that is full when what crashes left is swept away, would fail every job. */
async function requireWorkDir({ workDir, disk: { minimumFreeBytes } }: DaemonConfig): Promise<void> {
  const problem = (why: string, cause?: unknown): ConfigError =>
    new ConfigError([`workDir (LADDERD_WORK_DIR): ${workDir} ${why}`], { cause });
  try {
    await using _ = await openWorkspace(workDir);
  } catch (error) {
    throw problem(`cannot be written (${error instanceof Error ? error.message : String(error)})`, error);
  }
  if (!(await hasRoom(workDir, minimumFreeBytes)))
    throw problem(`has not the ${minimumFreeBytes} bytes free that disk.minimumFreeBytes demands, or too few inodes`);
}
