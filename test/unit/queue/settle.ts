import type { WorkerJob } from "../../../src/domain/job.ts";
import type { MessageEvent, MessageHandlerOptions } from "../../../src/queue/handle-message.ts";
import { createMessageHandler } from "../../../src/queue/handle-message.ts";
import type { Queue, QueueMessage } from "../../../src/queue/queue.ts";
import type { RunJob } from "../../../src/queue/run-entries.ts";
import { createFailureStore } from "../../../src/state/failures.ts";
import { aLog, aMessage, aQueue, aTextStore } from "./doubles.ts";
import { jobMessage, RULES } from "./messages.ts";

/** A job that ends well. */
export const published: RunJob = async () => "published";
/** What rejects with that error. */
export const failing = (error: unknown) => async (): Promise<never> => Promise.reject(error);

export interface Setting extends Partial<Omit<MessageHandlerOptions, "queue">> {
  readonly queue?: Partial<Queue>;
  readonly message?: Partial<QueueMessage>;
  readonly signal?: AbortSignal;
}

/** A handler between doubles, and what they were asked. */
export function aHandler({ queue: methods = {}, ...options }: Setting = {}) {
  const { queue, calls, quarantined } = aQueue(methods);
  const { store, texts } = aTextStore();
  const { logger, lines } = aLog();
  const events: MessageEvent[] = [];
  const handle = createMessageHandler({
    rules: RULES,
    runJob: published,
    queue,
    failures: createFailureStore(store),
    lease: { visibilitySeconds: 300, everySeconds: 60, marginSeconds: 60 },
    maxFailures: 3,
    logger,
    report: (event) => events.push(event),
    random: () => 0.5,
    ...options,
  });
  return { handle, calls, quarantined, texts, lines, events };
}

/** Has one message handled. */
export async function settle({ message = {}, signal = new AbortController().signal, ...setting }: Setting = {}) {
  const handler = aHandler(setting);
  const outcome = await handler.handle(aMessage({ body: jobMessage(), ...message }), signal);
  return { ...handler, outcome };
}

/** Of the object that the job is about. */
export const keyOf = (job: WorkerJob): string => ("source" in job ? job.source : job.subtitles).key;
