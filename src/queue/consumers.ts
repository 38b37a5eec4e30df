import type { Logger } from "pino";
import type { ConsumerOptions } from "sqs-consumer";
import { Consumer } from "sqs-consumer";
import { ShutdownError } from "../domain/errors.ts";
import type { HandleMessage } from "./handle-message.ts";
import { pause } from "./pause.ts";
import type { PollError } from "./poll-error.ts";
import { classifyPollError } from "./poll-error.ts";
import type { Queue, QueueMessage } from "./queue.ts";
import { readMessage } from "./read-message.ts";
import type { GateChange, ReceiveGate, Ticket } from "./receive-gate.ts";
import { createReceiveGate } from "./receive-gate.ts";

/** An SQS client for receives alone: `abortPolls` destroys it. One attempt a request, the back-off is ours. */
export type ReceiveClient = NonNullable<ConsumerOptions["sqs"]>;

/** What the receive loops tell the metrics. */
export type PollEvent =
  | { readonly kind: "poll"; readonly error?: PollError }
  | { readonly kind: "state"; readonly state: "polling" | "paused" | "backoff" | "draining" | "stopped" };

export interface ConsumersOptions {
  readonly queueUrl: string;
  readonly client: ReceiveClient;
  readonly queue: Pick<Queue, "release">;
  /** How many messages are handled at once: one consumer each, so that no short job waits for a long one. */
  readonly slots: number;
  readonly visibilitySeconds: number;
  readonly waitTimeSeconds?: number;
  readonly handle: HandleMessage;
  /** Asked before each receive, and every second while it says no (or throws): a full disk takes no more work. */
  readonly mayReceive?: () => boolean | Promise<boolean>;
  readonly logger: Logger;
  readonly report?: (event: PollEvent) => void;
}

/** The running receive loops. */
export interface Consumers {
  /**
   * Starts no receive any more, lets the open ones end (an aborted one would lose what SQS already handed out), gives
   * back at once what they still bring, and resolves when nothing runs. Jobs that run go on; may be called again.
   */
  drain(): Promise<void>;
  /** Drains without waiting for open receives; what they were about to bring stays hidden for its visibility timeout. */
  abortPolls(): void;
  /** Aborts the running jobs with a ShutdownError. */
  cancel(reason: string): void;
  running(): number;
  /** Monotonic milliseconds of when a receive last ended, well or not, or was held back by `mayReceive`. */
  lastPollAt(): number | undefined;
}

/** What all slots share. */
interface Shared extends Required<Omit<ConsumersOptions, "slots">> {
  readonly gate: ReceiveGate;
  /** Aborts when the drain begins. */
  readonly stopping: AbortController;
  readonly running: Set<AbortController>;
  /** Slots between the start of a receive and the end of what it brought. */
  readonly busy: Set<Consumer>;
  readonly idle: PromiseWithResolvers<void>;
  lastPollAt: number | undefined;
  paused: boolean;
}

const ASK_AGAIN_MS = 1000;

/** Starts one long-polling consumer a slot. */
export function startConsumers(options: ConsumersOptions): Consumers {
  const { logger, report = () => {} } = options;
  const shared: Shared = {
    waitTimeSeconds: 20,
    mayReceive: () => true,
    ...options,
    report,
    gate: createReceiveGate({ onChange: (change) => tellChange(change, { logger, report }) }),
    stopping: new AbortController(),
    running: new Set(),
    busy: new Set(),
    idle: Promise.withResolvers(),
    lastPollAt: undefined,
    paused: false,
  };
  const consumers = Array.from({ length: options.slots }, () => startSlot(shared));
  report({ kind: "state", state: "polling" });

  const stop = (): void => {
    if (shared.stopping.signal.aborted) return;
    report({ kind: "state", state: "draining" });
    shared.stopping.abort(new ShutdownError("draining"));
    for (const consumer of consumers) consumer.stop();
    if (shared.busy.size === 0) shared.idle.resolve();
  };
  return {
    drain: async () => {
      stop();
      await shared.idle.promise;
      report({ kind: "state", state: "stopped" });
    },
    abortPolls: () => {
      stop();
      // Not stop({ abort: true }): a consumer that was stopped before ignores it.
      options.client.destroy();
    },
    cancel: (reason) => {
      for (const job of shared.running) job.abort(new ShutdownError(reason));
    },
    running: () => shared.running.size,
    lastPollAt: () => shared.lastPollAt,
  };
}

function startSlot(shared: Shared): Consumer {
  const { gate, stopping, busy, logger } = shared;
  let ticket: Ticket | undefined;
  let askedAt = performance.now();
  const consumer = Consumer.create({
    queueUrl: shared.queueUrl,
    sqs: shared.client,
    batchSize: 1,
    waitTimeSeconds: shared.waitTimeSeconds,
    visibilityTimeout: shared.visibilitySeconds,
    strictReturn: true,
    // The handler deletes, before it returns: the consumer's own delete can be aborted with the receives.
    shouldDeleteMessages: false,
    messageSystemAttributeNames: ["ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp", "SentTimestamp", "AWSTraceHeader"],
    preReceiveMessageCallback: async () => {
      busy.add(consumer);
      await untilWelcome(shared);
      ticket = await gate.enter(stopping.signal);
      askedAt = performance.now();
    },
    postReceiveMessageCallback: async () => {
      ticket?.succeeded();
      ticket = undefined;
      polled(shared);
    },
    handleMessage: async (message) => {
      await handleOne({ ...readMessage(message), handedOutAtMs: handedOutAt(askedAt, shared) }, shared);
      return message;
    },
  });
  const end = (): void => {
    busy.delete(consumer);
    if (stopping.signal.aborted && busy.size === 0) shared.idle.resolve();
  };
  consumer.on("empty", end);
  consumer.on("response_processed", end);
  // Without this listener an error ends the process.
  consumer.on("error", (error) => {
    if (!stopping.signal.aborted) {
      ticket?.failed(error);
      polled(shared, classifyPollError(error));
    }
    ticket = undefined;
    end();
  });
  const defect = (err: Error): void => logger.error({ err }, "message not handled; it returns after its visibility timeout");
  consumer.on("processing_error", defect);
  consumer.on("timeout_error", defect);
  consumer.start();
  return consumer;
}

/** Waits while the worker wants no more work; rejects when the drain begins. */
async function untilWelcome(shared: Shared): Promise<void> {
  const { mayReceive, stopping, logger, report } = shared;
  const ask = async (): Promise<boolean> => mayReceive();
  const isWelcome = async (): Promise<boolean> => ask().catch(() => false);
  for (let welcome = await isWelcome(); ; welcome = await isWelcome()) {
    if (shared.paused === welcome) {
      shared.paused = !welcome;
      logger.warn({ paused: shared.paused }, welcome ? "receiving again" : "receiving paused");
      report({ kind: "state", state: welcome ? "polling" : "paused" });
    }
    if (welcome) return;
    shared.lastPollAt = performance.now();
    await pause(ASK_AGAIN_MS, stopping.signal);
    stopping.signal.throwIfAborted();
  }
}

function polled(shared: Shared, error?: PollError): void {
  shared.lastPollAt = performance.now();
  shared.report({ kind: "poll", ...(error === undefined ? {} : { error }) });
}

/** A process that stood still finds an answer that is older than it seems; SQS gave it before the wait was over. */
const handedOutAt = (askedAt: number, { waitTimeSeconds }: Shared): number => Math.min(performance.now(), askedAt + waitTimeSeconds * 1000);

/** Never rejects for what a message holds or the queue answers. */
async function handleOne(message: QueueMessage, { handle, queue, running, stopping, logger }: Shared): Promise<void> {
  if (stopping.signal.aborted) {
    await queue.release(message.receiptHandle, 0).catch((err: unknown) => {
      logger.warn(
        { err, messageId: message.messageId },
        "message of the last receive not given back; it returns after its visibility timeout",
      );
    });
    return;
  }
  const job = new AbortController();
  running.add(job);
  try {
    await handle(message, job.signal);
  } finally {
    running.delete(job);
  }
}

function tellChange(change: GateChange, { logger, report }: Required<Pick<ConsumersOptions, "logger" | "report">>): void {
  if (change.kind === "failing") logger.error({ err: change.error }, "queue not reachable, backing off");
  else logger.info({ failures: change.failures, downSeconds: change.downSeconds }, "queue reachable again");
  report({ kind: "state", state: change.kind === "failing" ? "backoff" : "polling" });
}
