import { ConfigError } from "../config/config-error.ts";
import type { Queue, QueueFacts } from "../queue/queue.ts";

/** Resolves to what the queue is when it answers: a wrong URL or a missing permission shows now, not after the first upload. Throws ConfigError. */
export async function requireQueue(queue: Queue): Promise<QueueFacts> {
  try {
    return await queue.checkQueue();
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new ConfigError([`queueUrl (LADDERD_QUEUE_URL): the queue does not answer (${why})`], { cause: error });
  }
}
