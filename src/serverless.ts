import { z } from "zod";
import { sharedCredentials } from "./aws/credentials.ts";
import { openAws } from "./aws/open-aws.ts";
import { openNotifier } from "./aws/open-notifier.ts";
import type { DaemonConfig } from "./config/config.ts";
import { ConfigError } from "./config/config-error.ts";
import { configHash } from "./config/config-hash.ts";
import type { Notifier } from "./notify/notifier.ts";
import { createObserver } from "./observer.ts";
import type { AttemptWork } from "./pipeline/attempt.ts";
import type { PipelineDeps } from "./pipeline/deps.ts";
import { freeBytes, usedBytes } from "./pipeline/disk.ts";
import { runAttach } from "./pipeline/run-attach.ts";
import { submitJob } from "./pipeline/submit-job.ts";
import { sweepWorkspaces } from "./pipeline/workspace.ts";
import type { BatchAnswer, BatchRecord, Desk } from "./queue/batch.ts";
import { functionTime, handleBatch, keptQueue, queueNameOf, readBatch } from "./queue/batch.ts";
import { isEngineEvent } from "./queue/engine-event.ts";
import type { RemoteWork } from "./services.ts";
import { leaseOf, openServices, remoteWork } from "./services.ts";
import type { FailureRecord } from "./state/failures.ts";
import type { Logger } from "./telemetry/logger.ts";
import type { JobHandlerParts } from "./job-handler.ts";
import { jobHandler, pipelineDeps } from "./job-handler.ts";
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
  const credentials = sharedCredentials(config.region);
  const aws = openAws(config, observer.metrics, credentials);
  undo.defer(async () => aws.close());
  const { services } = undo.use(await openServices(config, { aws, credentials, observer, logger }));
  if (!services) throw new ConfigError(["engines (LADDERD_ENGINES): names no managed engine, and nothing is encoded in a function"]);
  const deps: PipelineDeps = { ...pipelineDeps(config, { aws, observer, tools }), services };
  const remote = remoteWork(config, { aws, logger, deps, lease: leaseOf(config), services });
  const notify = async (record: FailureRecord): Promise<void> => notifier?.rejected(record);
  const deskOf = desks(config, { aws, deps, remote, logger, report: observer.message, notify });
  const resources = undo.move();
  return {
    handle: async (event, context) => {
      const remainingMs = (): number => context.getRemainingTimeInMillis();
      // What is not told when the function answers would wait in a process that stands still.
      const telling = await openNotifier(config, logger, credentials);
      notifier = telling;
      try {
        const records = readBatch(event);
        if (records) return await handleBatch(records, { deskOf, remainingMs, onPutOff: (record) => tellPutOff(record, logger) });
        schedule.parse(event);
        using time = functionTime(remainingMs);
        // What it did not come to is swept the next time.
        await remote.sweep(time.signal).catch((error: unknown) => {
          if (!time.signal.aborted) throw error;
        });
        return { batchItemFailures: [] };
      } finally {
        await telling.close();
      }
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

interface DeskParts extends Omit<JobHandlerParts, "queue" | "work"> {
  readonly remote: RemoteWork;
}

/** The events queue has events alone; on any other queue the body tells them from jobs. */
function desks(config: DaemonConfig, { remote, ...parts }: DeskParts): (record: BatchRecord) => Desk {
  const { aws } = parts;
  const kept = keptQueue(aws.queue);
  const work: AttemptWork = (job, run) => ("subtitles" in job ? runAttach(job, run) : submitJob(job, run, aws.readRange));
  const jobs = { kept, handle: jobHandler(config, { ...parts, work, queue: kept.queue }) };
  const strayEvents = { kept, handle: remote.takeEvents(kept.queue) };
  const events = eventsDesk({ aws, remote });
  const eventsQueueName = aws.events && queueNameOf(aws.events.queueUrl);
  return ({ queueName, body }) => {
    if (events && queueName === eventsQueueName) return events;
    return isEngineEvent(body) ? strayEvents : jobs;
  };
}

function eventsDesk({ aws: { events }, remote }: Pick<DeskParts, "aws" | "remote">): Desk | undefined {
  if (!events) return undefined;
  const kept = keptQueue(events.queue);
  return { kept, handle: remote.takeEvents(kept.queue) };
}

const tellPutOff = ({ messageId }: BatchRecord, logger: Logger): void =>
  logger.warn({ messageId }, "message given back: too little of the function's time is left to begin it");
