import { keyToEvent } from "./keys.ts";
import type { UploadKind } from "./request.ts";

/** One finished upload. */
export interface Upload {
  readonly kind: UploadKind;
  readonly bucket: string;
  readonly key: string;
  readonly sizeBytes: number;
  /** With or without quotes. */
  readonly etag: string;
  readonly region: string;
  readonly time: Date;
  /** Rises with every upload. */
  readonly sequence: number;
}

/** The message S3 puts into a queue for this upload (event message structure 2.1). */
export function s3Event(upload: Upload): string {
  const { kind, bucket, key, sizeBytes, etag, region, time, sequence } = upload;
  const sequencer = (time.getTime() * 4096 + (sequence % 4096)).toString(16).toUpperCase().padStart(18, "0");
  const object = { key: keyToEvent(key), size: sizeBytes, eTag: etag.replaceAll('"', ""), sequencer };
  const record = {
    eventVersion: "2.1",
    eventSource: "aws:s3",
    awsRegion: region,
    eventTime: time.toISOString(),
    eventName: `ObjectCreated:${kind}`,
    userIdentity: { principalId: "AWS:embedded" },
    requestParameters: { sourceIPAddress: "127.0.0.1" },
    responseElements: { "x-amz-request-id": sequencer, "x-amz-id-2": "embedded" },
    s3: {
      s3SchemaVersion: "1.0",
      configurationId: "ladderd",
      bucket: { name: bucket, ownerIdentity: { principalId: "embedded" }, arn: `arn:aws:s3:::${bucket}` },
      object,
    },
  };
  return JSON.stringify({ Records: [record] });
}
