import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { Upload } from "@aws-sdk/lib-storage";
import type { EmbeddedAws } from "../../src/cli/dev/embedded-aws.ts";
import { startEmbeddedAws } from "../../src/cli/dev/embedded-aws.ts";
import type { Origin } from "../../src/cli/dev/origin.ts";
import { startOrigin } from "../../src/cli/dev/origin.ts";
import { clientSettings, TEST_BUCKETS } from "./embedded-aws.ts";

/** An embedded AWS and an origin in a folder of their own, with clients; everything a test file starts names this folder. */
export interface Site extends AsyncDisposable {
  readonly root: string;
  readonly path: (...names: readonly string[]) => string;
  readonly aws: EmbeddedAws;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly origin: Origin;
  /** The environment of a daemon that uses it, with the fast ladder and a work folder of its own. */
  readonly daemonEnv: (workName: string) => Readonly<Record<string, string>>;
}

/** A bucket that is on the allow-list and sends no events: its sources are named by job messages. */
export const QUIET_BUCKET = "sources";

const PART_BYTES = 8 * 1024 * 1024;

/** Starts it; disposing of it ends the servers and removes the folder. */
export async function openSite(name: string, { visibilitySeconds = 30 } = {}): Promise<Site> {
  await using undo = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), `ladderd-e2e-${name}-`));
  undo.defer(() => rm(root, { recursive: true, force: true, maxRetries: 3 }));
  const path = (...names: readonly string[]): string => join(root, ...names);
  const aws = await startEmbeddedAws({ dir: path("aws"), buckets: TEST_BUCKETS, visibilitySeconds });
  undo.defer(() => aws.close());
  const origin = await startOrigin({ endpoint: aws.endpoint, bucket: TEST_BUCKETS.publish, uploadsBucket: TEST_BUCKETS.uploads });
  undo.defer(() => origin.close());
  const s3 = new S3Client({ ...clientSettings(aws), forcePathStyle: true });
  const sqs = new SQSClient({ ...clientSettings(aws), useQueueUrlAsEndpoint: false });
  for (const client of [s3, sqs]) undo.defer(async () => client.destroy());
  await s3.send(new CreateBucketCommand({ Bucket: QUIET_BUCKET }));
  const daemonEnv = (workName: string) => ({
    ...aws.env,
    LADDERD_UPLOAD_BUCKETS: `${TEST_BUCKETS.uploads},${QUIET_BUCKET}`,
    LADDERD_LADDER: "h264-fast",
    LADDERD_WORK_DIR: path(workName),
  });
  const resources = undo.move();
  return { root, path, aws, s3, sqs, origin, daemonEnv, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Uploads a file in parts of 8 MiB; resolves to the ETag, without quotes. */
export async function uploadFile({ s3 }: Pick<Site, "s3">, file: string, to: { bucket?: string; key: string }): Promise<string> {
  const { bucket = TEST_BUCKETS.uploads, key } = to;
  const params = { Bucket: bucket, Key: key, Body: createReadStream(file, { highWaterMark: 1024 * 1024 }) };
  const { ETag = "" } = await new Upload({ client: s3, params, partSize: PART_BYTES, queueSize: 2 }).done();
  return ETag.replaceAll('"', "");
}
