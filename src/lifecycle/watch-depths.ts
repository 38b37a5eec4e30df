import type { Logger } from "../telemetry/logger.ts";
import type { CountedQueue } from "../telemetry/metric-labels.ts";
import { repeatRegularly } from "./sweep-regularly.ts";

/** How many messages wait on a queue, and how many somebody works at. */
export interface Depth {
  readonly visible: number;
  readonly hidden: number;
}

export interface QueueDepth extends Depth {
  readonly queue: CountedQueue;
}

export type ReadDepth = (queueUrl: string, signal: AbortSignal) => Promise<Depth>;

export interface DepthWatchOptions {
  /** The URL of each; undefined where there is none. */
  readonly queues: Readonly<Record<CountedQueue, string | undefined>>;
  readonly read: ReadDepth;
  /** Told of every queue that could be counted. */
  readonly onDepths: (depths: readonly QueueDepth[]) => void;
  readonly logger: Pick<Logger, "info" | "warn">;
  readonly random?: () => number;
}

/** SQS renews its estimates about once a minute. */
const EVERY_SECONDS = 60;

/**
 * Counts the queues once a minute until it is disposed of, the first time after a random part of a minute. One that cannot
 * be counted hides no other; it is logged when that begins and when it ends.
 */
export function watchDepths({ queues, read, onDepths, logger, ...options }: DepthWatchOptions): AsyncDisposable {
  const failing = new Set<CountedQueue>();
  const count = async (queue: CountedQueue, signal: AbortSignal): Promise<readonly QueueDepth[]> => {
    const url = queues[queue];
    if (url === undefined) return [];
    try {
      const depth = await read(url, signal);
      if (failing.delete(queue)) logger.info({ queue }, "this queue can be counted again");
      return [{ queue, ...depth }];
    } catch (err) {
      if (!signal.aborted && !failing.has(queue)) logger.warn({ err, queue }, "this queue cannot be counted; running on without");
      failing.add(queue);
      return [];
    }
  };
  return repeatRegularly({
    ...options,
    everySeconds: EVERY_SECONDS,
    round: async (signal) => {
      const [jobs, deadLetters] = await Promise.all([count("jobs", signal), count("dead_letters", signal)]);
      if (!signal.aborted) onDepths([...jobs, ...deadLetters]);
    },
    onError: (err) => logger.warn({ err }, "the queues were not counted"),
  });
}
