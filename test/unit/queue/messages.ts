import type { IntakeRules } from "../../../src/queue/entry.ts";

export const RULES: IntakeRules = { uploadBuckets: ["uploads"], publishBucket: "published" };

/** An S3 event record as S3 documents it, with what one test changes about its object. */
export const aRecord = (object: Readonly<Record<string, unknown>> = {}, record: Readonly<Record<string, unknown>> = {}) => ({
  eventVersion: "2.1",
  eventSource: "aws:s3",
  awsRegion: "eu-central-1",
  eventTime: "2026-11-20T10:00:00.000Z",
  eventName: "ObjectCreated:Put",
  userIdentity: { principalId: "AWS:EXAMPLE" },
  requestParameters: { sourceIPAddress: "192.0.2.1" },
  responseElements: { "x-amz-request-id": "C3D13FE58DE4C810" },
  s3: {
    s3SchemaVersion: "1.0",
    configurationId: "uploads",
    bucket: { name: "uploads", ownerIdentity: { principalId: "A3NL1KOZZKExample" }, arn: "arn:aws:s3:::uploads" },
    object: { key: "clip.mp4", size: 1024, eTag: "d41d8cd98f00b204e9800998ecf8427e", sequencer: "0055AED6DCD90281E5", ...object },
  },
  ...record,
});

export const s3Message = (...records: readonly unknown[]): string => JSON.stringify({ Records: records });

/** As SNS delivers to SQS without raw delivery. */
export const snsMessage = (message: string): string =>
  JSON.stringify({
    Type: "Notification",
    MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    TopicArn: "arn:aws:sns:eu-central-1:123456789012:uploads",
    Subject: "Amazon S3 Notification",
    Message: message,
    Timestamp: "2026-11-20T10:00:01.000Z",
  });

export const eventBridgeMessage = (object: Readonly<Record<string, unknown>> = {}, event: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    version: "0",
    id: "17793124-05d4-b198-2fde-7ededc63b103",
    "detail-type": "Object Created",
    source: "aws.s3",
    account: "123456789012",
    time: "2026-11-20T10:00:00Z",
    region: "eu-central-1",
    resources: ["arn:aws:s3:::uploads"],
    detail: {
      version: "0",
      bucket: { name: "uploads" },
      object: { key: "clip.mp4", size: 1024, etag: "d41d8cd98f00b204e9800998ecf8427e", sequencer: "0055AED6DCD90281E5", ...object },
      reason: "PutObject",
    },
    ...event,
  });

export const jobMessage = (fields: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ ladderd: 1, source: { bucket: "uploads", key: "clip.mp4" }, ...fields });
