import { join } from "node:path";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { readFile } from "node:fs/promises";
import type { EmbeddedAws } from "../../../src/cli/dev/embedded-aws.ts";
import { FAST, ffmpeg, picture, tone } from "../../helpers/clips.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import { clientSettings, startTestAws, TEST_BUCKETS } from "../../support/embedded-aws.ts";
import { makeQueue } from "../../support/queue.ts";

/** An embedded AWS with one small source, and a queue for the events of an engine. */
export interface EngineSite extends AsyncDisposable {
  readonly aws: EmbeddedAws;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly eventsQueueUrl: string;
  readonly folder: string;
}

export const SOURCE_KEY = "in/clip.mp4";
export const SOURCE = `s3://${TEST_BUCKETS.uploads}/${SOURCE_KEY}`;

/** Starts it; the source is 4 s of 320x180 with English and German sound and a track of subtitles. */
export async function openEngineSite(): Promise<EngineSite> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await temporaryFolder()).path;
  const aws = undo.use(await startTestAws());
  const s3 = new S3Client({ ...clientSettings(aws), forcePathStyle: true });
  const sqs = new SQSClient({ ...clientSettings(aws), useQueueUrlAsEndpoint: false });
  for (const client of [s3, sqs]) undo.defer(async () => client.destroy());
  const clip = join(folder, "clip.mp4");
  await ffmpeg(
    ...picture({ size: "320x180", seconds: 4 }),
    ...tone({ seconds: 4 }),
    ...tone({ seconds: 4, frequency: 880 }),
    ...FAST,
    ...["-map", "0", "-map", "1", "-map", "2", "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu", clip],
  );
  await s3.send(new PutObjectCommand({ Bucket: TEST_BUCKETS.uploads, Key: SOURCE_KEY, Body: await readFile(clip) }));
  const eventsQueueUrl = await makeQueue({ sqs, aws }, "engine-events", 30);
  const resources = undo.move();
  return { aws, s3, sqs, eventsQueueUrl, folder, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** The keys below a prefix of the published bucket, without the prefix. */
export async function keysBelow({ s3 }: EngineSite, prefix: string): Promise<readonly string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: TEST_BUCKETS.publish, Prefix: prefix }));
  return Contents.map(({ Key = "" }) => Key.slice(prefix.length));
}

/** The bytes of an object of the published bucket. */
export async function bytesOf({ s3 }: EngineSite, key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: TEST_BUCKETS.publish, Key: key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}
