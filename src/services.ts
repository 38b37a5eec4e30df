import type { Aws } from "./aws/open-aws.ts";
import type { Credentials } from "./aws/credentials.ts";
import { openEngines } from "./aws/open-engines.ts";
import type { DaemonConfig } from "./config/config.ts";
import type { RemoteEngine } from "./engines/remote.ts";
import { createEngineDesk } from "./engines/desk.ts";
import { checkEngines } from "./lifecycle/check-engines.ts";
import { repeatRegularly } from "./lifecycle/sweep-regularly.ts";
import type { Observer } from "./observer.ts";
import { atMost } from "./pipeline/at-most.ts";
import type { PipelineDeps } from "./pipeline/deps.ts";
import { finishRemote } from "./pipeline/finish-remote.ts";
import type { FinishOutcome } from "./pipeline/finish-remote.ts";
import type { Services } from "./pipeline/hand-over.ts";
import { isOverdue } from "./pipeline/decide-remote.ts";
import { moveOn } from "./pipeline/move-on.ts";
import { recordedAttempt } from "./pipeline/recorded-attempt.ts";
import type { RemoteDeps } from "./pipeline/settle-remote.ts";
import { sweepRemote } from "./pipeline/sweep-remote.ts";
import { takeEvent } from "./pipeline/take-event.ts";
import type { Consumers } from "./queue/consumers.ts";
import { startConsumers } from "./queue/consumers.ts";
import { createEventHandler } from "./queue/handle-event.ts";
import type { HandleMessage } from "./queue/handle-message.ts";
import type { LeaseOptions } from "./queue/lease.ts";
import type { Queue } from "./queue/queue.ts";
import type { RemoteRecord } from "./state/remote-records.ts";
import { submittedTaker } from "./state/claims.ts";
import type { Logger } from "./telemetry/logger.ts";

export interface ServiceParts {
  readonly aws: Aws;
  readonly credentials: Credentials;
  readonly observer: Observer;
  readonly logger: Logger;
  /** Wraps an engine for a test. */
  readonly arm?: ((engine: RemoteEngine) => RemoteEngine) | undefined;
}

/** How messages and claims are held. */
export const leaseOf = ({ lease }: Pick<DaemonConfig, "lease">) => ({
  visibilitySeconds: lease.visibilitySeconds,
  everySeconds: lease.extendSeconds,
  marginSeconds: lease.marginSeconds,
});

/** What the pipeline gets of the managed engines; disposing of it ends their connections. */
export interface OpenedServices extends Disposable {
  /** Absent: none is configured. */
  readonly services?: Services;
}

/** Opens and checks the managed engines. Throws ConfigError. */
export async function openServices(
  config: DaemonConfig,
  { aws, credentials, observer, logger, arm }: ServiceParts,
): Promise<OpenedServices> {
  const { engines: order, circuit: settings, publishBucket, stateBucket } = config;
  const opened = (await openEngines(config, { onRequest: observer.metrics.awsRequest, credentials })).map(
    (engine) => arm?.(engine) ?? engine,
  );
  if (opened.length === 0) return { [Symbol.dispose]: () => undefined };
  const desk = createEngineDesk({ order, settings });
  const close = (): void => {
    for (const engine of opened) engine.close();
  };
  try {
    await checkEngines({ order, engines: opened, desk, logger }, new AbortController().signal);
  } catch (error) {
    close();
    throw error;
  }
  observer.metrics.watch({ circuits: desk.circuits });
  const services: Services = {
    ...{ desk, publishBucket, state: aws.bucket(stateBucket) },
    engines: new Map(opened.map((engine) => [engine.name, engine])),
  };
  return { services, [Symbol.dispose]: close };
}

export interface RemoteSideParts extends Pick<ServiceParts, "aws" | "logger"> {
  readonly deps: PipelineDeps;
  readonly lease: Pick<LeaseOptions, "visibilitySeconds" | "everySeconds" | "marginSeconds">;
  readonly waitTimeSeconds: number;
}

/** Finishes what services did: by the events queue, where there is one, and by a sweep. Without services it does nothing. */
export function startRemoteSide(config: DaemonConfig, parts: RemoteSideParts): AsyncDisposable & { readonly consumers?: Consumers } {
  const { aws, logger, lease, deps } = parts;
  if (!deps.services) return { [Symbol.asyncDispose]: async () => undefined };
  const { sweep, takeEvents } = remoteWork(config, { ...parts, services: deps.services });
  const sweeper = repeatRegularly({
    everySeconds: config.remote.sweepEverySeconds,
    round: sweep,
    onError: (err) => logger.warn({ err }, "remote jobs not looked at; trying again next time"),
  });
  const { events } = aws;
  if (!events) return sweeper;
  const consumers = startConsumers({
    queueUrl: events.queueUrl,
    client: events.receiveClient,
    queue: events.queue,
    slots: Math.max(EVENT_SLOTS, config.concurrency),
    visibilitySeconds: lease.visibilitySeconds,
    waitTimeSeconds: parts.waitTimeSeconds,
    handle: takeEvents(events.queue),
    logger,
  });
  return { consumers, [Symbol.asyncDispose]: () => sweeper[Symbol.asyncDispose]() };
}

/** Most events only move a state on. */
const EVENT_SLOTS = 4;

export interface RemoteWorkParts extends Omit<RemoteSideParts, "waitTimeSeconds"> {
  readonly services: Services;
}

/** The two ways in which what services did is finished. */
export interface RemoteWork {
  /** Looks once at every remote job that is not settled. */
  readonly sweep: (signal: AbortSignal) => Promise<void>;
  /** A handler for the messages of a queue that events come by. */
  readonly takeEvents: (queue: Queue) => HandleMessage;
}

/** Builds what finishes remote jobs. */
export function remoteWork(config: DaemonConfig, parts: RemoteWorkParts): RemoteWork {
  const { logger, lease } = parts;
  const deps = remoteDeps(config, parts);
  return {
    sweep: async (signal) => {
      for (const { name, ...swept } of await sweepRemote({ deps, patience: config.remote }, signal)) {
        if (swept.outcome === "error") logger.warn({ ...name, err: swept.error }, "remote job not settled; trying again next time");
        else if (swept.outcome !== "waiting") logger.info({ ...name, outcome: swept.outcome }, "remote job settled by the sweep");
      }
    },
    takeEvents: (queue) => createEventHandler({ queue, lease, logger, take: (event, signal) => takeEvent(event, { deps, signal }) }),
  };
}

function remoteDeps(config: DaemonConfig, { aws, deps, services, lease, logger }: RemoteWorkParts): RemoteDeps {
  const state = aws.bucket(config.stateBucket);
  // Slots of their own: in those of the jobs, what a service has ended would wait for encodes of hours.
  const inSlot = atMost(config.concurrency);
  const hand = moveOn(aws.queue);
  return {
    ...{ state, published: deps.published, engines: services.engines },
    takeSubmitted: submittedTaker({ store: state, lease }),
    finish: (record, claim) => inSlot(() => finishRecorded(record, { deps, state, claim })),
    moveOn: (record, reason, claim) => {
      const { engine, remoteId, job } = record;
      logger.warn({ engine, remoteId, jobId: job.id, reason }, "remote job came to nothing: the next engine is asked");
      return hand(record, reason, claim);
    },
    isOverdue: (record) => isOverdue(record, config.remote, Date.now()),
    judge: (engine, end) => (end === "done" ? services.desk.finished(engine) : services.desk.failed(engine, end, "job")),
    isOverwritten: async ({ job, admitted }, signal) => {
      const { bucket, key } = job.source;
      return !admitted.pinsVersion && (await deps.sources.head({ bucket, key }, signal)).etag !== admitted.object.etag;
    },
  };
}

type Finishing = Pick<RemoteSideParts, "deps"> & Pick<RemoteDeps, "state"> & { readonly claim: Parameters<RemoteDeps["finish"]>[1] };

/** An attempt like another in log, metrics and the job's record. */
async function finishRecorded(record: RemoteRecord, { deps, state, claim }: Finishing): Promise<FinishOutcome> {
  let outcome: FinishOutcome = "stale";
  const context = { signal: claim.signal, checkLease: () => claim.check(), messageId: record.messageId };
  const engine = { name: record.engine, reason: `it did remote job ${record.remoteId}` };
  const work: NonNullable<Parameters<typeof recordedAttempt>[1]["rest"]>["work"] = async (_job, run) => {
    const { source: _source, ...plan } = record.plan;
    run.context.note?.({ plan });
    outcome = await finishRemote(record, run);
    return { outcome, assetPath: record.admitted.assetPath };
  };
  await recordedAttempt(record.job, { deps, context, store: state, rest: { engine, work } });
  return outcome;
}
