import { pause } from "../queue/pause.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Notification } from "./notification.ts";

/** What any message to a receiver has: a name for the log, and the same id for every try. */
export interface Letter {
  readonly event: string;
  readonly id: string;
}

/** Somebody who is told. */
export interface Sink<T extends Letter = Notification> {
  readonly name: "sns" | "eventbridge" | "webhook" | "compat";
  /** Resolves when it took the notification. Throws an UndeliverableError when no other try would change the answer. */
  send(notification: T, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** The receiver will never take this notification. */
export class UndeliverableError extends Error {
  override readonly name = "UndeliverableError";
}

export interface OutboxOptions<T extends Letter = Notification> {
  readonly sink: Sink<T>;
  readonly logger: Pick<Logger, "warn">;
  /** More that wait are dropped, newest first. */
  readonly capacity?: number;
  readonly tries?: number;
  readonly firstPauseMs?: number;
  /** A try without an answer ends after so long. */
  readonly timeoutMs?: number;
}

/** What waits to be told to one receiver. */
export interface Outbox<T extends Letter = Notification> {
  /** Returns at once and never throws. */
  push(notification: T): void;
  /** Takes nothing more; gives what waits so many milliseconds to leave, then drops it. Never rejects. */
  close(budgetMs: number): Promise<void>;
}

const CAPACITY = 1000;
const TRIES = 6;
const FIRST_PAUSE_MS = 1000;
const TIMEOUT_MS = 5000;

/** Delivers in order, one at a time, each in so many tries with pauses that double. A receiver that fails costs memory up to the capacity and nothing else. */
export function createOutbox<T extends Letter = Notification>(options: OutboxOptions<T>): Outbox<T> {
  const { sink, logger, capacity = CAPACITY } = options;
  const waiting: T[] = [];
  const stopping = new AbortController();
  let [isBusy, isFull, isClosed] = [false, false, false];
  let working = Promise.resolve();
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      isFull = false;
      await deliver(next, options, stopping.signal);
    }
    isBusy = false;
  };
  return {
    push: (notification) => {
      if (isClosed) return;
      if (waiting.length >= capacity) {
        // One line for a receiver that stopped, not one for each job.
        if (!isFull) logger.warn({ sink: sink.name, waiting: waiting.length }, "too many notifications wait: new ones are dropped");
        isFull = true;
        return;
      }
      waiting.push(notification);
      if (isBusy) return;
      isBusy = true;
      working = work();
    },
    close: async (budgetMs) => {
      isClosed = true;
      const deadline = setTimeout(() => {
        if (waiting.length > 0) logger.warn({ sink: sink.name, waiting: waiting.length }, "notifications dropped at the stop");
        waiting.length = 0;
        stopping.abort();
      }, budgetMs);
      await working;
      clearTimeout(deadline);
      sink.close();
    },
  };
}

async function deliver<T extends Letter>(notification: T, options: OutboxOptions<T>, stopping: AbortSignal): Promise<void> {
  const { sink, logger, tries = TRIES, firstPauseMs = FIRST_PAUSE_MS, timeoutMs = TIMEOUT_MS } = options;
  const { event, id } = notification;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await sink.send(notification, AbortSignal.any([stopping, AbortSignal.timeout(timeoutMs)]));
      return;
    } catch (err) {
      if (attempt === tries || err instanceof UndeliverableError || stopping.aborted) {
        logger.warn({ sink: sink.name, event, id, attempt, err }, "notification not delivered");
        return;
      }
      await pause(firstPauseMs * 2 ** (attempt - 1), stopping);
    }
  }
}
