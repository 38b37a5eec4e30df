import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createS3ObjectStore } from "../../../src/aws/s3-object-store.ts";
import { createS3SweepBucket } from "../../../src/aws/s3-sweep-bucket.ts";
import { clientSettings, startTestAws, TEST_BUCKETS } from "../../support/embedded-aws.ts";
import { startAnsweringS3 } from "./answering-s3.ts";

const { signal } = new AbortController();
const KEYS = ["films/a b+c%/x", "films/line\nbreak\u0001/x", "films/ü/x"];

let aws: Awaited<ReturnType<typeof startTestAws>>;
let client: S3Client;

beforeAll(async () => {
  aws = await startTestAws();
  client = new S3Client({ ...clientSettings(aws), forcePathStyle: true });
  for (const Key of KEYS) await client.send(new PutObjectCommand({ Bucket: TEST_BUCKETS.publish, Key, Body: "x" }));
}, 60_000);
afterAll(async () => {
  client.destroy();
  await aws.close();
});

describe("a listing", () => {
  test("gives back keys that XML has no place for, with their ages", async () => {
    const found = [];
    for await (const page of createS3SweepBucket(client, TEST_BUCKETS.publish).pages("films/", signal)) found.push(...page);
    expect(found.map(({ key }) => key).toSorted()).toStrictEqual(KEYS.toSorted());
    for (const { ageSeconds } of found) expect(ageSeconds).toBeLessThan(600);
    const listed = await createS3ObjectStore(client, TEST_BUCKETS.publish).list("films/", signal);
    expect(listed.map(({ key }) => key).toSorted()).toStrictEqual(KEYS.toSorted());
  });

  test("of uploads is empty where the service knows none", async () => {
    for await (const page of createS3SweepBucket(client, TEST_BUCKETS.publish).uploads("films/", signal)) expect(page).toStrictEqual([]);
  });
});

test("unfinished uploads come with their ages by S3's own clock, page after page", async () => {
  const page = (key: string, more: string): string =>
    `<ListMultipartUploadsResult><EncodingType>url</EncodingType>${more}<Upload><Key>${key}</Key><UploadId>id-${key}</UploadId><Initiated>2020-01-01T00:00:00.000Z</Initiated></Upload></ListMultipartUploadsResult>`;
  const headers = { "content-type": "application/xml", date: "Thu, 02 Jan 2020 01:00:00 GMT" };
  const more = "<IsTruncated>true</IsTruncated><NextKeyMarker>a+b</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>";
  const server = await startAnsweringS3(
    { status: 200, headers, body: page("a+b", more) },
    { status: 200, headers, body: page("c%0A", "<IsTruncated>false</IsTruncated>") },
  );
  const own = new S3Client({ ...clientSettings({ ...aws, endpoint: server.endpoint }), forcePathStyle: true });
  const found = [];
  for await (const uploads of createS3SweepBucket(own, "b").uploads("", signal)) found.push(...uploads);
  expect(found).toStrictEqual([
    { key: "a b", uploadId: "id-a+b", ageSeconds: 90_000 },
    { key: "c\n", uploadId: "id-c%0A", ageSeconds: 90_000 },
  ]);
  expect(server.requests[1]?.url).toContain("key-marker=a%20b");
  own.destroy();
  await server.close();
});
