import type { ObjectStore, ReadRange, SourceStore } from "../pipeline/ports.ts";
import type { SweepBucket } from "../publish/sweep.ts";
import type { ReceiveClient } from "../queue/consumers.ts";
import type { Queue } from "../queue/queue.ts";
import type { ReadDepth } from "../lifecycle/watch-depths.ts";
import type { Credentials } from "./credentials.ts";
import type { ClientSettings, S3Settings } from "./clients.ts";
import { createS3Client, createSqsClient } from "./clients.ts";
import { createDepthReader } from "./queue-depths.ts";
import { createRangeReader } from "./read-range.ts";
import { createS3ObjectStore } from "./s3-object-store.ts";
import { createS3SourceStore } from "./s3-source-store.ts";
import { createS3SweepBucket } from "./s3-sweep-bucket.ts";
import { createQueue } from "./sqs-queue.ts";

export interface AwsSettings extends Pick<ClientSettings, "region" | "endpointOverridden"> {
  readonly queueUrl: string;
  readonly eventsQueueUrl?: string;
  readonly s3: Pick<S3Settings, "forcePathStyle" | "checksums" | "bucketOwner">;
}

/** AWS as the daemon needs it: everything behind it is a port. */
export interface Aws {
  readonly sources: SourceStore;
  readonly readRange: ReadRange;
  readonly queue: Queue;
  /** For receives alone: one attempt a request, ended by destroying it. */
  readonly receiveClient: ReceiveClient;
  /** Of the events of managed engines; absent when there is none. */
  readonly events?: { readonly queueUrl: string; readonly queue: Queue; readonly receiveClient: ReceiveClient };
  readonly readDepth: ReadDepth;
  bucket(name: string): ObjectStore;
  sweepBucket(name: string): SweepBucket;
  /** Ends all connections. */
  close(): void;
}

/** Who counts what is asked of AWS. */
export interface AwsWatch {
  readonly awsRequest?: ClientSettings["onRequest"];
  /** A rejected message was copied to the dead-letter queue. */
  readonly deadLetterCopied?: () => void;
}

/** Opens one client per service and purpose, so that a saturated pool never delays a heartbeat (R-L6). */
export function openAws(
  { region, endpointOverridden, queueUrl, eventsQueueUrl, s3 }: AwsSettings,
  { awsRequest, deadLetterCopied = () => {} }: AwsWatch = {},
  credentials?: Credentials,
): Aws {
  const settings = { region, endpointOverridden, credentials, onRequest: awsRequest };
  const objects = createS3Client({ ...settings, ...s3 });
  const receiveClient = createSqsClient({ ...settings, maxAttempts: 1 });
  const [client, heartbeatClient] = [createSqsClient(settings), createSqsClient(settings)];
  const eventsClient = eventsQueueUrl === undefined ? undefined : createSqsClient({ ...settings, maxAttempts: 1 });
  return {
    ...(eventsQueueUrl !== undefined && eventsClient
      ? {
          events: {
            queueUrl: eventsQueueUrl,
            queue: createQueue({ client, heartbeatClient, queueUrl: eventsQueueUrl, onDeadLetter: deadLetterCopied }),
            receiveClient: eventsClient,
          },
        }
      : {}),
    sources: createS3SourceStore(objects),
    readRange: createRangeReader(objects),
    queue: createQueue({ client, heartbeatClient, queueUrl, onDeadLetter: deadLetterCopied }),
    readDepth: createDepthReader(client),
    receiveClient,
    bucket: (name) => createS3ObjectStore(objects, name),
    sweepBucket: (name) => createS3SweepBucket(objects, name),
    close: () => {
      for (const open of [objects, receiveClient, client, heartbeatClient]) open.destroy();
      eventsClient?.destroy();
    },
  };
}
