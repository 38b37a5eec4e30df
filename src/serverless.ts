import { z } from "zod";
import type { Aws } from "./aws/open-aws.ts";
import { openAws } from "./aws/open-aws.ts";
import { openNotifier } from "./aws/open-notifier.ts";
import type { DaemonConfig } from "./config/config.ts";
import { ConfigError } from "./config/config-error.ts";
import { configHash } from "./config/config-hash.ts";
import { laddersInForce } from "./config/ladders.ts";
import { keyFinder } from "./keys/find-key.ts";
import type { Notifier } from "./notify/notifier.ts";
import type { Observer } from "./observer.ts";
import { createObserver } from "./observer.ts";
import type { AttemptWork } from "./pipeline/attempt.ts";
import type { PipelineDeps } from "./pipeline/deps.ts";
import { freeBytes, usedBytes } from "./pipeline/disk.ts";
import { recordedAttempt } from "./pipeline/recorded-attempt.ts";
import { runAttach } from "./pipeline/run-attach.ts";
import { submitJob } from "./pipeline/submit-job.ts";
import { sweepWorkspaces } from "./pipeline/workspace.ts";
import type { BatchAnswer, BatchRecord, Desk } from "./queue/batch.ts";
import { functionTime, handleBatch, keptQueue, queueNameOf, readBatch } from "./queue/batch.ts";
import { isEngineEvent } from "./queue/engine-event.ts";
import type { HandleMessage } from "./queue/handle-message.ts";
import { createMessageHandler } from "./queue/handle-message.ts";
import type { Queue } from "./queue/queue.ts";
import { MAX_FAILURES } from "./queue/verdict.ts";
import type { RemoteWork } from "./services.ts";
import { leaseOf, openServices, remoteWork } from "./services.ts";
import { claimTaker } from "./state/claims.ts";
import type { FailureRecord } from "./state/failures.ts";
import { createFailureStore } from "./state/failures.ts";
import type { Logger } from "./telemetry/logger.ts";
import { openTools, tryPrograms } from "./tools.ts";

/** What of Lambda's context is looked at. */
export interface FunctionContext {
  getRemainingTimeInMillis(): number;
}

/** A function with its connections open. */
export interface Serverless extends AsyncDisposable {
  /** Rejects for an event that is neither SQS's nor a schedule's. */
  handle(event: unknown, context: FunctionContext): Promise<BatchAnswer>;
}

/** A rule of EventBridge that invokes by the clock. */
const schedule = z.object({ "detail-type": z.literal("Scheduled Event") });

/**
 * The composition root of a function: the rooms of the daemon without its receive loops and its encoder, kept open between
 * invocations. Messages are handled as the daemon handles them; a schedule's event sweeps. Throws ConfigError.
 */
export async function openServerless(config: DaemonConfig, logger: Logger): Promise<Serverless> {
  const { signal } = new AbortController();
  await using undo = new AsyncDisposableStack();
  const tools = await tryPrograms(await openTools(config, signal), config.sandbox, signal);
  // An environment whose process ran into its timeout keeps its /tmp.
  await sweepWorkspaces(config.workDir);
  let notifier: Notifier | undefined;
  const observer = createObserver({
    logger,
    sandboxed: tools.isFenced,
    configHash: configHash(config),
    diskFreeBytes: () => freeBytes(config.workDir),
    workDirBytes: () => usedBytes(config.workDir),
    onEvent: (event) => notifier?.job(event),
  });
  const aws = openAws(config, observer.metrics.awsRequest);
  undo.defer(async () => aws.close());
  const { services } = undo.use(await openServices(config, { aws, observer, logger }));
  if (!services) throw new ConfigError(["engines (LADDERD_ENGINES): names no managed engine, and nothing is encoded in a function"]);
  const deps: PipelineDeps = { ...depsOf(config, { aws, observer, tools }), services };
  const remote = remoteWork(config, { aws, logger, deps, lease: leaseOf(config), services });
  const notify = async (record: FailureRecord): Promise<void> => notifier?.rejected(record);
  const deskOf = desks(config, { aws, observer, deps, remote, logger, notify });
  const resources = undo.move();
  return {
    handle: async (event, context) => {
      const remainingMs = (): number => context.getRemainingTimeInMillis();
      // What is not told when the function answers would wait in a process that stands still.
      const telling = await openNotifier(config, logger);
      notifier = telling;
      try {
        const records = readBatch(event);
        if (records) return await handleBatch(records, { deskOf, remainingMs, onPutOff: (record) => tellPutOff(record, logger) });
        schedule.parse(event);
        using time = functionTime(remainingMs);
        await remote.sweep(time.signal);
        return { batchItemFailures: [] };
      } finally {
        await telling.close();
      }
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

interface RoomParts {
  readonly aws: Aws;
  readonly observer: Observer;
}

const depsOf = (config: DaemonConfig, { aws, observer, tools }: RoomParts & Pick<PipelineDeps, "tools">): PipelineDeps => ({
  sources: aws.sources,
  published: aws.bucket(config.publishBucket),
  ladders: laddersInForce(config),
  settings: config,
  tools,
  takeClaim: claimTaker({ store: aws.bucket(config.stateBucket), lease: leaseOf(config) }),
  findKey: keyFinder(config.environmentSecret),
  report: observer.job,
});

interface DeskParts extends RoomParts {
  readonly deps: PipelineDeps;
  readonly remote: RemoteWork;
  readonly logger: Logger;
  readonly notify: (record: FailureRecord) => Promise<void>;
}

/** The events queue has events alone; on any other queue the body tells them from jobs. */
function desks(config: DaemonConfig, parts: DeskParts): (record: BatchRecord) => Desk {
  const { aws, remote } = parts;
  const kept = keptQueue(aws.queue);
  const jobs = { kept, handle: jobHandler(config, { ...parts, queue: kept.queue }) };
  const strayEvents = { kept, handle: remote.takeEvents(kept.queue) };
  const events = eventsDesk(parts);
  const eventsQueueName = aws.events && queueNameOf(aws.events.queueUrl);
  return ({ queueName, body }) => {
    if (events && queueName === eventsQueueName) return events;
    return isEngineEvent(body) ? strayEvents : jobs;
  };
}

function eventsDesk({ aws: { events }, remote }: DeskParts): Desk | undefined {
  if (!events) return undefined;
  const kept = keptQueue(events.queue);
  return { kept, handle: remote.takeEvents(kept.queue) };
}

function jobHandler(config: DaemonConfig, parts: DeskParts & { readonly queue: Queue }): HandleMessage {
  const { aws, deps, logger, queue, observer, notify } = parts;
  const { uploadBuckets, publishBucket, publishPrefix, region } = config;
  const store = aws.bucket(config.stateBucket);
  const work: AttemptWork = (job, run) => ("subtitles" in job ? runAttach(job, run) : submitJob(job, run, aws.readRange));
  return createMessageHandler({
    rules: { uploadBuckets, publishBucket, publishPrefix, region },
    runJob: async (job, context) => (await recordedAttempt(job, { deps, context, store, rest: { work } })).outcome,
    ...{ queue, failures: createFailureStore(store), lease: leaseOf(config), maxFailures: MAX_FAILURES },
    ...{ logger, report: observer.message, notify },
  });
}

const tellPutOff = ({ messageId }: BatchRecord, logger: Logger): void =>
  logger.warn({ messageId }, "message given back: too little of the function's time is left to begin it");
