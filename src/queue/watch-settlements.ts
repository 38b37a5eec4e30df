import type { Queue } from "./queue.ts";

/** A queue, and what SQS did not confirm of what was asked of it. */
export interface WatchedQueue {
  readonly queue: Queue;
  /** Releases and deletions so far that failed: those messages come back by their visibility timeout. */
  readonly unconfirmed: () => number;
}

/** Counts the settlements that failed; their errors go to whoever asked. */
export function watchSettlements(queue: Queue): WatchedQueue {
  let failures = 0;
  const counted = async (settlement: Promise<void>): Promise<void> => {
    try {
      await settlement;
    } catch (error) {
      failures += 1;
      throw error;
    }
  };
  return {
    queue: {
      ...queue,
      release: (receiptHandle, seconds) => counted(queue.release(receiptHandle, seconds)),
      delete: (receiptHandle) => counted(queue.delete(receiptHandle)),
    },
    unconfirmed: () => failures,
  };
}
