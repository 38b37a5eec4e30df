import { networkInterfaces } from "node:os";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { clientSettings, startTestAws } from "../../support/embedded-aws.ts";

type TestAws = Awaited<ReturnType<typeof startTestAws>>;
let aws: TestAws;
let s3: S3Client;
let sqs: SQSClient;
const Bucket = "uploads";

beforeAll(async () => {
  aws = await startTestAws({ maxReceiveCount: 2 });
  s3 = new S3Client({ ...clientSettings(aws), forcePathStyle: true });
  sqs = new SQSClient({ ...clientSettings(aws), useQueueUrlAsEndpoint: false });
});
afterAll(async () => {
  s3.destroy();
  sqs.destroy();
  await aws.close();
});

const eventMessage = z.object({
  Records: z.tuple([
    z.object({
      eventName: z.string(),
      eventTime: z.iso.datetime(),
      s3: z.object({ bucket: z.object({ name: z.string() }), object: z.object({ key: z.string(), size: z.number(), eTag: z.string() }) }),
    }),
  ]),
});

async function receive(QueueUrl = aws.queueUrl, WaitTimeSeconds = 2) {
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds, MessageSystemAttributeNames: ["All"] }));
  return Messages?.[0];
}

async function nextEvent() {
  const message = await receive();
  await sqs.send(new DeleteMessageCommand({ QueueUrl: aws.queueUrl, ReceiptHandle: message?.ReceiptHandle }));
  const [{ eventName, s3: record }] = eventMessage.parse(JSON.parse(message?.Body ?? "null")).Records;
  return { eventName, bucket: record.bucket.name, ...record.object };
}

describe("the event of an upload", () => {
  it("is in the queue when a put, a copy, a multipart upload or a form has succeeded", async () => {
    const { ETag = "" } = await s3.send(new PutObjectCommand({ Bucket, Key: "in/a b+c.mp4", Body: "12345" }));
    const eTag = ETag.replaceAll('"', "");
    expect(await nextEvent()).toEqual({
      eventName: "ObjectCreated:Put",
      bucket: Bucket,
      key: "in/a+b%2Bc.mp4",
      size: 5,
      eTag,
      sequencer: undefined,
    });

    await s3.send(new CopyObjectCommand({ Bucket, Key: "copy.mp4", CopySource: "uploads/in/a%20b%2Bc.mp4" }));
    expect(await nextEvent()).toMatchObject({ eventName: "ObjectCreated:Copy", key: "copy.mp4", size: 5, eTag });

    const Key = "../../big.mp4";
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const part = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: "part one" }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] };
    const done = await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
    expect(done.Location).toBe(`${aws.endpoint}/uploads/../../big.mp4`);
    expect(await nextEvent()).toMatchObject({ eventName: "ObjectCreated:CompleteMultipartUpload", key: "../../big.mp4", size: 8 });

    const form = new FormData();
    form.set("key", "form/${filename}");
    form.set("file", new File(["form body"], "ü 1.mp4"));
    const answer = await fetch(`${aws.endpoint}/uploads`, { method: "POST", body: form });
    expect(answer.status).toBe(204);
    expect(await nextEvent()).toMatchObject({ eventName: "ObjectCreated:Post", key: "form/%C3%BC+1.mp4", size: 9 });
  });

  it("is not sent for other buckets, for refused writes, or for parts", async () => {
    await s3.send(new PutObjectCommand({ Bucket: "published", Key: "x", Body: "x" }));
    await expect(s3.send(new PutObjectCommand({ Bucket, Key: "copy.mp4", Body: "x", IfNoneMatch: "*" }))).rejects.toMatchObject({
      name: "PreconditionFailed",
    });
    await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "never-completed" }));
    expect(await receive(aws.queueUrl, 1)).toBeUndefined();
  });
});

describe("the queue", () => {
  it("has a dead-letter queue that gets a message received too often", async () => {
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: aws.queueUrl, AttributeNames: ["All"] }));
    expect(JSON.parse(Attributes?.["RedrivePolicy"] ?? "null")).toEqual({
      deadLetterTargetArn: "arn:aws:sqs:us-east-1:000000000000:ladderd-jobs-dlq",
      maxReceiveCount: "2",
    });
    await s3.send(new PutObjectCommand({ Bucket, Key: "poison", Body: "x" }));
    for (const expected of ["1", "2"]) {
      const message = await receive();
      expect(message?.Attributes?.ApproximateReceiveCount).toBe(expected);
      await sqs.send(
        new ChangeMessageVisibilityCommand({ QueueUrl: aws.queueUrl, ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout: 0 }),
      );
    }
    expect(await receive(aws.queueUrl, 1)).toBeUndefined();
    expect((await receive(aws.deadLetterQueueUrl))?.Body).toContain("poison");
  });

  it("also serves clients that use the queue URL as their endpoint", async () => {
    const client = new SQSClient(clientSettings(aws));
    const answer = await client.send(new GetQueueAttributesCommand({ QueueUrl: aws.queueUrl, AttributeNames: ["QueueArn"] }));
    client.destroy();
    expect(answer.Attributes?.["QueueArn"]).toBe("arn:aws:sqs:us-east-1:000000000000:ladderd-jobs");
  });
});

it("serves on the loopback interface alone, and no longer after close", async () => {
  const own = await startTestAws();
  const { port } = new URL(own.endpoint);
  expect(own.endpoint).toBe(`http://127.0.0.1:${port}`);
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  for (const { address } of addresses.filter(({ family, internal }) => family === "IPv4" && !internal)) {
    await expect(fetch(`http://${address}:${port}/`)).rejects.toThrow("fetch failed");
  }
  await own.close();
  await expect(fetch(own.endpoint)).rejects.toThrow("fetch failed");
});
