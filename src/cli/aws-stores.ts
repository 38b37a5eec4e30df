import { createS3Client, createSqsClient } from "../aws/clients.ts";
import { sendJob } from "../aws/job-sender.ts";
import { createS3ObjectStore } from "../aws/s3-object-store.ts";
import { createS3SourceStore } from "../aws/s3-source-store.ts";
import type { Config } from "../config/config.ts";
import type { SourceRef } from "../domain/job.ts";
import type { ObjectStore, SourceStore } from "../pipeline/ports.ts";

/** S3 as a command needs it; `close` ends its connections. */
export interface Stores {
  readonly source: SourceStore;
  bucket(name: string): ObjectStore;
  /** Enqueues a job for an object that is in S3 already. */
  enqueue(queueUrl: string, source: SourceRef, signal: AbortSignal): Promise<void>;
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
    close: () => {
      client.destroy();
      queues.destroy();
    },
  };
}
