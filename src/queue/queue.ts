import type { ErrorCode } from "../domain/errors.ts";

/** A message as it was received. Times in milliseconds since the epoch. */
export interface QueueMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** How often SQS handed it out, this time included. */
  readonly receiveCount: number;
  readonly sentAtMs?: number;
  readonly firstReceivedAtMs?: number;
  /** Monotonic milliseconds of when SQS handed it out, at the latest. */
  readonly handedOutAtMs?: number;
  readonly traceHeader?: string;
}

/** The copy of a message that will never succeed. */
export interface Quarantined {
  readonly body: string;
  readonly code: ErrorCode | "unknown";
  readonly reason: string;
  /** Equal for failures that are alike. */
  readonly fingerprint: string;
}

/** What the queue and its dead-letter queue are. */
export interface QueueFacts {
  readonly visibilitySeconds: number;
  /** Undefined: the queue has no RedrivePolicy, rejected messages are kept as failure records alone. */
  readonly deadLetterQueueUrl?: string;
  readonly maxReceiveCount?: number;
  readonly approximateMessages: number;
}

/** The queue the messages come from. Every method rejects when SQS does not confirm. */
export interface Queue {
  /** Makes the message invisible for so long, from now; throws LeaseLostError when it is not ours any more. */
  extend(receiptHandle: string, seconds: number): Promise<void>;
  /** Makes the message visible again after so long (0: at once). */
  release(receiptHandle: string, seconds: number): Promise<void>;
  delete(receiptHandle: string): Promise<void>;
  /** Puts a message on this queue. */
  send(body: string, signal?: AbortSignal): Promise<void>;
  /** Copies a message to the dead-letter queue with `code`, `reason` and `fingerprint` as attributes; does nothing when there is none. */
  quarantine(message: Quarantined): Promise<void>;
  /** Asks SQS what the queue is; the call that finds a wrong URL or a missing permission. */
  checkQueue(): Promise<QueueFacts>;
  /** The same, remembered from when it was asked last. */
  facts(): Promise<QueueFacts>;
}
