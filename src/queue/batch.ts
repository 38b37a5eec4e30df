import { z } from "zod";
import type { HandleMessage } from "./handle-message.ts";
import { ShutdownError } from "../domain/errors.ts";
import type { Queue, QueueMessage } from "./queue.ts";
import { readMessage } from "./read-message.ts";

/** A message as an event source mapping hands it to a function. */
export interface BatchRecord extends QueueMessage {
  /** Of the queue that it comes from. */
  readonly queueName: string;
}

/** What a function answers under ReportBatchItemFailures: the messages that the queue is to keep; it deletes the others. */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

const batch = z.object({
  Records: z.array(
    z.object({
      eventSource: z.literal("aws:sqs"),
      eventSourceARN: z.string().regex(/^arn:[^:]+:sqs:[^:]*:\d*:[\w.-]+$/),
      messageId: z.string().min(1),
      receiptHandle: z.string().min(1),
      body: z.string(),
      attributes: z.record(z.string(), z.string()).default({}),
    }),
  ),
});

/** The messages of an SQS event of Lambda; undefined when it is another event. Pure. */
export function readBatch(event: unknown): readonly BatchRecord[] | undefined {
  const parsed = batch.safeParse(event);
  if (!parsed.success) return undefined;
  return parsed.data.Records.map(({ messageId, receiptHandle, body, attributes, eventSourceARN }) => ({
    ...readMessage({ MessageId: messageId, ReceiptHandle: receiptHandle, Body: body, Attributes: attributes }),
    queueName: eventSourceARN.slice(eventSourceARN.lastIndexOf(":") + 1),
  }));
}

/** The name that ends a queue's URL. */
export const queueNameOf = (url: string): string => url.slice(url.lastIndexOf("/") + 1);

/** A queue whose messages somebody else deletes, and what is to be deleted of them. */
export interface KeptQueue {
  readonly queue: Queue;
  /** Whether the message was settled for good; asked once. */
  takeDone(receiptHandle: string): boolean;
}

/** Notes what a handler deletes instead of deleting it: an event source mapping does. */
export function keptQueue(queue: Queue): KeptQueue {
  const done = new Set<string>();
  return {
    queue: {
      ...queue,
      delete: async (receiptHandle) => {
        done.add(receiptHandle);
      },
    },
    takeDone: (receiptHandle) => done.delete(receiptHandle),
  };
}

/** Who handles a record, and which queue it is settled at. */
export interface Desk {
  readonly handle: HandleMessage;
  readonly kept: KeptQueue;
}

export interface BatchRun {
  readonly deskOf: (record: BatchRecord) => Desk;
  /** Until the function is killed. */
  readonly remainingMs: () => number;
  /** Told of a message that is given back because the time does not reach. */
  readonly onPutOff: (record: BatchRecord) => void;
}

/** What is interrupted has this long to give its claim and its message back. */
const STOP_BEFORE_MS = 10_000;
/** A signal that aborts with a ShutdownError while there is still time to give back what runs. */
export function functionTime(remainingMs: () => number): Disposable & { readonly signal: AbortSignal } {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new ShutdownError("the function's time is over")), Math.max(0, remainingMs() - STOP_BEFORE_MS));
  return { signal: stop.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Less is not worth a beginning: a cold connection and a probe take some seconds. */
const WORTH_BEGINNING_MS = 30_000;

/**
 * Handles the messages of a batch one after the other, and answers which of them are to come again: what was given back, what
 * was interrupted because the function's time is over, and what was not begun for the same reason. Never rejects.
 */
export async function handleBatch(records: readonly BatchRecord[], { deskOf, remainingMs, onPutOff }: BatchRun): Promise<BatchAnswer> {
  using time = functionTime(remainingMs);
  const failed: BatchRecord[] = [];
  for (const record of records) {
    const { handle, kept } = deskOf(record);
    if (remainingMs() < WORTH_BEGINNING_MS) {
      onPutOff(record);
      // The queue's own visibility timeout is six times the function's.
      await kept.queue.release(record.receiptHandle, 0).catch(() => undefined);
    } else await handle(record, time.signal).catch(() => undefined);
    if (!kept.takeDone(record.receiptHandle)) failed.push(record);
  }
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
