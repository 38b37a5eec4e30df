import type { Logger } from "pino";
import type { ErrorCode } from "../domain/errors.ts";
import { JobError } from "../domain/errors.ts";
import type { MessageShape } from "../domain/job.ts";
import type { Outcome } from "../pipeline/ports.ts";
import type { FailureRecord, FailureStore } from "../state/failures.ts";
import type { IntakeRules } from "./entry.ts";
import { parseMessage } from "./envelope.ts";
import type { ExtensionResult, LeaseOptions } from "./lease.ts";
import { holdLease, lossOf } from "./lease.ts";
import { logSettled } from "./log-settled.ts";
import type { Queue, QueueMessage } from "./queue.ts";
import { recordFailures } from "./record-failures.ts";
import type { RunJob } from "./run-entries.ts";
import { runEntries } from "./run-entries.ts";
import type { Verdict } from "./verdict.ts";
import { verdictOf } from "./verdict.ts";

/** How a message ended; `no_ack` is a defect of ours: the message was left as it is. */
export type MessageOutcome = Outcome | "no_ack";

/** What the handler tells the metrics. */
export type MessageEvent =
  | { readonly kind: "received"; readonly shape: MessageShape; readonly receiveCount: number; readonly ageSeconds?: number }
  | { readonly kind: "leased"; readonly messageId: string; readonly remainingSeconds: () => number }
  | { readonly kind: "extended"; readonly result: ExtensionResult }
  | { readonly kind: "settled"; readonly messageId: string; readonly outcome: MessageOutcome; readonly code?: ErrorCode };

export interface MessageHandlerOptions {
  readonly rules: IntakeRules;
  readonly runJob: RunJob;
  readonly queue: Queue;
  readonly failures: FailureStore;
  readonly lease: Pick<LeaseOptions, "visibilitySeconds" | "everySeconds" | "marginSeconds">;
  /** After so many failures that count against it a job is rejected. */
  readonly maxFailures: number;
  readonly logger: Logger;
  readonly report: (event: MessageEvent) => void;
  /** Told of each rejection once its record is durable; its own failure is logged and changes nothing. */
  readonly notify?: (record: FailureRecord) => Promise<void>;
  readonly random?: () => number;
}

/** Senders write it, and X-Ray's own are shorter. */
const MAX_TRACE_LENGTH = 256;

/** Handles one message from its receive to its settlement. `signal` cancels its jobs, with a ShutdownError. Never rejects. */
export type HandleMessage = (message: QueueMessage, signal: AbortSignal) => Promise<MessageOutcome>;

/**
 * Makes the handler: parse, run each job under one lease, settle. A message is deleted only when every entry reached a
 * durable terminal state, and nothing is done to it after its lease is lost.
 */
export function createMessageHandler(options: MessageHandlerOptions): HandleMessage {
  return async (message, signal) => {
    const { messageId, receiveCount, traceHeader, handedOutAtMs = performance.now() } = message;
    const trace = traceHeader === undefined ? {} : { trace: traceHeader.slice(0, MAX_TRACE_LENGTH) };
    const logger = options.logger.child({ messageId, attempt: receiveCount, ...trace });
    const settled = (outcome: MessageOutcome, error?: unknown): MessageOutcome => {
      options.report({ kind: "settled", messageId, outcome, ...(error instanceof JobError ? { code: error.code } : {}) });
      return outcome;
    };
    try {
      const verdict = await judge(message, { ...options, logger, signal });
      const action = verdict.action.kind;
      await carryOut(verdict, message, options.queue).then(
        () => logger.debug({ action, seconds: (performance.now() - handedOutAtMs) / 1000 }, "settlement confirmed"),
        (err: unknown) => logger.warn({ err, action }, "message settled, but the queue did not confirm; a repeat does no work"),
      );
      return settled(verdict.outcome, verdict.error);
    } catch (err) {
      logger.error({ err }, "message not settled; it returns after its visibility timeout");
      return settled("no_ack");
    }
  };
}

async function judge(message: QueueMessage, options: MessageHandlerOptions & { signal: AbortSignal }): Promise<Verdict> {
  const { rules, runJob, queue, report, signal, logger, random = Math.random } = options;
  const { messageId, receiveCount, receiptHandle, sentAtMs } = message;
  // The lease comes first: parsing is part of the time it covers.
  await using lease = holdLease({
    ...options.lease,
    extend: (seconds) => queue.extend(receiptHandle, seconds),
    ...(message.handedOutAtMs === undefined ? {} : { since: message.handedOutAtMs }),
    signal,
    onExtension: (result) => report({ kind: "extended", result }),
  });
  report({ kind: "leased", messageId, remainingSeconds: () => lease.remainingSeconds() });
  const { shape, entries } = parseMessage(message.body, rules);
  report({ kind: "received", shape, receiveCount, ...ageOf(message) });
  const ran = await runEntries(entries, {
    runJob,
    lease,
    receiveCount,
    messageId,
    ...(sentAtMs === undefined ? {} : { sentAtMs }),
    random,
  });
  const results = lossOf(lease) ? ran : await recordFailures(ran, message, { ...options, random: random() });
  const loss = lossOf(lease);
  const verdict: Verdict = loss ? { action: { kind: "abandon" }, outcome: "abandoned", error: loss } : verdictOf(results);
  logSettled({ logger, shape, results, verdict });
  return verdict;
}

async function carryOut({ action }: Verdict, { receiptHandle }: QueueMessage, queue: Queue): Promise<void> {
  if (action.kind === "delete") await queue.delete(receiptHandle);
  else if (action.kind !== "abandon") await queue.release(receiptHandle, action.delaySeconds);
}

const ageOf = ({ sentAtMs }: QueueMessage): { ageSeconds?: number } =>
  sentAtMs === undefined ? {} : { ageSeconds: Math.max(0, (Date.now() - sentAtMs) / 1000) };
