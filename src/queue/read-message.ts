import { z } from "zod";
import type { QueueMessage } from "./queue.ts";

const milliseconds = z.coerce.number().int().positive().optional().catch(undefined);

/** A message as ReceiveMessage answers it, with the attributes that the receive asks for. */
const received = z.object({
  MessageId: z.string().min(1),
  ReceiptHandle: z.string().min(1),
  Body: z.string().default(""),
  Attributes: z
    .object({
      ApproximateReceiveCount: z.coerce.number().int().positive().catch(1),
      SentTimestamp: milliseconds,
      ApproximateFirstReceiveTimestamp: milliseconds,
      AWSTraceHeader: z.string().optional(),
    })
    .default({ ApproximateReceiveCount: 1 }),
});

/** Reads what SQS handed out; throws only when it has no id or receipt handle. */
export function readMessage(message: unknown): QueueMessage {
  const { MessageId, ReceiptHandle, Body, Attributes } = received.parse(message);
  const { ApproximateReceiveCount, SentTimestamp, ApproximateFirstReceiveTimestamp, AWSTraceHeader } = Attributes;
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    receiveCount: ApproximateReceiveCount,
    ...(SentTimestamp === undefined ? {} : { sentAtMs: SentTimestamp }),
    ...(ApproximateFirstReceiveTimestamp === undefined ? {} : { firstReceivedAtMs: ApproximateFirstReceiveTimestamp }),
    ...(AWSTraceHeader === undefined ? {} : { traceHeader: AWSTraceHeader }),
  };
}
