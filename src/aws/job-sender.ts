import type { SQSClient } from "@aws-sdk/client-sqs";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import type { SourceRef } from "../domain/job.ts";

/** Puts a job message (ARCHITECTURE.md) on the queue; rejects when SQS does not confirm. */
export async function sendJob(
  { client, queueUrl }: { client: SQSClient; queueUrl: string },
  source: SourceRef,
  signal: AbortSignal,
): Promise<void> {
  const MessageBody = JSON.stringify({ ladderd: 1, source });
  await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody }), { abortSignal: signal });
}
