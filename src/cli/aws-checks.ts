import { randomUUID } from "node:crypto";

import { createSqsClient } from "../aws/clients.ts";
import { createQueue } from "../aws/sqs-queue.ts";
import type { Config } from "../config/config.ts";
import { StorageError } from "../domain/errors.ts";
import type { ObjectStore } from "../pipeline/ports.ts";
import { PreconditionFailed } from "../pipeline/ports.ts";
import type { QueueFacts } from "../queue/queue.ts";
import type { Stores } from "./aws-stores.ts";
import type { Check, Finding } from "./checks.ts";

/** Drains and Spot stops count as receives, too (RELIABILITY.md R-Q10). */
const LEAST_RECEIVES = 10;

/** What AWS must give: the queue and the buckets; what is not configured is skipped. */
export function awsChecks(config: Config, stores: Stores): readonly Check[] {
  const { uploadBuckets, publishBucket, stateBucket } = config;
  const uploads = uploadBuckets.length > 0 ? uploadBuckets : [undefined];
  return [
    queueCheck(config),
    ...uploads.map((name) => bucketCheck("upload bucket", name, (bucket) => readable(stores.bucket(bucket), bucket))),
    bucketCheck("publish bucket", publishBucket, (bucket) => writable(stores.bucket(bucket), bucket)),
    bucketCheck("state bucket", stateBucket, (bucket) => writable(stores.bucket(bucket), bucket)),
  ];
}

type Outcome = Omit<Finding, "name">;

const skipped: Outcome = { status: "skipped", detail: "not configured" };

function queueCheck({ queueUrl, region, endpointOverridden, lease }: Config): Check {
  return {
    name: "queue",
    run: async () => {
      if (queueUrl === undefined) return skipped;
      const client = createSqsClient({ region, endpointOverridden });
      try {
        return judgeQueue(await createQueue({ client, heartbeatClient: client, queueUrl }).checkQueue(), lease.visibilitySeconds);
      } finally {
        client.destroy();
      }
    },
  };
}

/** The queue's attributes that make jobs repeat or vanish when they are wrong. */
export function judgeQueue(
  { deadLetterQueueUrl, maxReceiveCount, visibilitySeconds, approximateMessages }: QueueFacts,
  lease: number,
): Outcome {
  const warnings = [
    ...(deadLetterQueueUrl === undefined ? ["no dead-letter queue: rejected messages are kept as failure records alone"] : []),
    ...(maxReceiveCount !== undefined && maxReceiveCount < LEAST_RECEIVES
      ? [`maxReceiveCount ${maxReceiveCount} is below ${LEAST_RECEIVES}: released messages count as receives`]
      : []),
    ...(visibilitySeconds < 30 ? [`a visibility of ${visibilitySeconds} s is shorter than a receive may take`] : []),
  ];
  const facts = `${approximateMessages} messages, lease ${lease} s`;
  return warnings.length === 0 ? { status: "ok", detail: facts } : { status: "warning", detail: [facts, ...warnings].join("; ") };
}

const bucketCheck = (name: string, bucket: string | undefined, check: (bucket: string) => Promise<Outcome>): Check => ({
  name,
  run: async () => (bucket === undefined ? skipped : check(bucket)),
});

async function readable(store: ObjectStore, bucket: string): Promise<Outcome> {
  await store.list(`ladderd-doctor/${randomUUID()}`);
  return { status: "ok", detail: `${bucket} can be listed` };
}

/** A write that cannot succeed: S3 checks the permission before the condition, and so nothing is written. */
async function writable(store: ObjectStore, bucket: string): Promise<Outcome> {
  const key = `ladderd-doctor/${randomUUID()}`;
  const headers = { contentType: "text/plain", cacheControl: "no-store" };
  try {
    await store.list(key);
    await store.writeText({ key, text: "", headers, condition: { kind: "match", etag: "0" } });
    await store.remove([key]);
  } catch (error) {
    if (!(error instanceof PreconditionFailed) && !isMissingObject(error)) throw error;
  }
  return { status: "ok", detail: `${bucket} can be listed and written` };
}

/** S3 answers If-Match on a key without object with 404. */
const isMissingObject = (error: unknown): boolean => error instanceof StorageError && error.facts["status"] === 404;
