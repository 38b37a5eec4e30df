import { createS3Client, createSqsClient } from "../aws/clients.ts";
import { sendBody, sendJob } from "../aws/job-sender.ts";
import { createS3ObjectStore } from "../aws/s3-object-store.ts";
import { createS3SourceStore } from "../aws/s3-source-store.ts";
import { createS3SweepBucket } from "../aws/s3-sweep-bucket.ts";
import { createSqsDeadLetters } from "../aws/sqs-dead-letters.ts";
import { createQueue } from "../aws/sqs-queue.ts";
import type { Config } from "../config/config.ts";
import type { SourceRef } from "../domain/job.ts";
import type { ObjectStore, SourceStore } from "../pipeline/ports.ts";
import type { SweepBucket } from "../publish/sweep.ts";
import type { DeadLetters } from "../queue/dead-letters.ts";

/** S3 as a command needs it; `close` ends its connections. */
export interface Stores {
  readonly source: SourceStore;
  bucket(name: string): ObjectStore;
  /** Enqueues a job for an object that is in S3 already. */
  enqueue(queueUrl: string, source: SourceRef, signal: AbortSignal): Promise<void>;
  sweepBucket(name: string): SweepBucket;
  /** The dead-letter queue of a queue; undefined when it has none. */
  deadLetters(queueUrl: string): Promise<DeadLetters | undefined>;
  /** Puts a message on a queue as it is. */
  send(queueUrl: string, body: string, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Opens S3 with the configured region and addressing; the credentials come from the SDK's default chain. */
export function openStores({ region, endpointOverridden, s3 }: Pick<Config, "region" | "endpointOverridden" | "s3">): Stores {
  const client = createS3Client({ region, endpointOverridden, ...s3 });
  const queues = createSqsClient({ region, endpointOverridden });
  return {
    source: createS3SourceStore(client),
    bucket: (name) => createS3ObjectStore(client, name),
    enqueue: (queueUrl, source, signal) => sendJob({ client: queues, queueUrl }, source, signal),
    sweepBucket: (name) => createS3SweepBucket(client, name),
    deadLetters: async (queueUrl) => {
      const queue = createQueue({ client: queues, heartbeatClient: queues, queueUrl });
      const { deadLetterQueueUrl } = await queue.checkQueue();
      return deadLetterQueueUrl === undefined ? undefined : createSqsDeadLetters({ client: queues, deadLetterQueueUrl, queueUrl });
    },
    send: (queueUrl, body, signal) => sendBody({ client: queues, queueUrl }, body, signal),
    close: () => {
      client.destroy();
      queues.destroy();
    },
  };
}
