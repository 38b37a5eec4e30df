import type { SQSClient } from "@aws-sdk/client-sqs";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import type { SourceRef } from "../domain/job.ts";

interface Place {
  readonly client: SQSClient;
  readonly queueUrl: string;
}

/** Puts a job message (ARCHITECTURE.md) on the queue; rejects when SQS does not confirm. */
export const sendJob = (place: Place, source: SourceRef, signal: AbortSignal): Promise<void> =>
  sendBody(place, JSON.stringify({ ladderd: 1, source }), signal);

/** Puts a message on the queue as it is; rejects when SQS does not confirm. */
export async function sendBody({ client, queueUrl }: Place, body: string, signal: AbortSignal): Promise<void> {
  await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }), { abortSignal: signal });
}
