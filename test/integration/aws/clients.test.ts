import { once } from "node:events";
import { createServer } from "node:http";
import { HeadObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createS3Client, createSqsClient } from "../../../src/aws/clients.ts";
import type { AwsRequest } from "../../../src/telemetry/metric-labels.ts";
import { useEndpoint } from "../queue/fixture.ts";

const requests: string[] = [];
const owners: unknown[] = [];
/** Of the next answers; 0 gives none. */
const statuses: number[] = [];
const server = createServer((request, response) => {
  requests.push(`${request.method} ${request.url}`);
  owners.push(request.headers["x-amz-expected-bucket-owner"]);
  const status = statuses.shift() ?? 200;
  if (status === 0) return;
  response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(request.method === "POST" ? "{}" : "");
});
let endpoint: string;

beforeEach(async () => {
  requests.length = 0;
  owners.length = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  endpoint = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

const settings = { region: "eu-central-1", endpointOverridden: true };

async function callBoth(): Promise<void> {
  const s3 = createS3Client({ ...settings, forcePathStyle: true });
  const sqs = createSqsClient(settings);
  await s3.send(new HeadObjectCommand({ Bucket: "b", Key: "a b/ü" }));
  // No machine has this name: the endpoint is called, not the queue's URL.
  await sqs.send(new ReceiveMessageCommand({ QueueUrl: "http://sqs.invalid/000000000000/jobs" }));
  s3.destroy();
  sqs.destroy();
}

describe("onRequest", () => {
  test("hears of every request when it has ended, each try by itself", async () => {
    useEndpoint(endpoint);
    const heard: string[] = [];
    const onRequest = ({ service, operation, result }: AwsRequest): void => void heard.push(`${service} ${operation} ${result}`);
    const s3 = createS3Client({ ...settings, forcePathStyle: true, maxAttempts: 3, onRequest });
    const sqs = createSqsClient({ ...settings, onRequest });
    const head = async (abortSignal?: AbortSignal): Promise<unknown> =>
      s3.send(new HeadObjectCommand({ Bucket: "b", Key: "k" }), abortSignal ? { abortSignal } : {}).catch(() => undefined);
    statuses.push(503, 200, 404);
    await head();
    await head();
    await sqs.send(new ReceiveMessageCommand({ QueueUrl: "http://sqs.invalid/000000000000/jobs" }));
    statuses.push(0);
    await head(AbortSignal.timeout(200));
    useEndpoint("http://127.0.0.1:9");
    const deaf = createS3Client({ ...settings, forcePathStyle: true, maxAttempts: 1, onRequest });
    await deaf.send(new HeadObjectCommand({ Bucket: "b", Key: "k" })).catch(() => undefined);
    expect(heard).toEqual([
      ...["s3 HeadObject failed", "s3 HeadObject ok", "s3 HeadObject refused"],
      ...["sqs ReceiveMessage ok", "s3 HeadObject cancelled", "s3 HeadObject no_answer"],
    ]);
    for (const client of [s3, sqs, deaf]) client.destroy();
  });
});

describe("the clients", () => {
  test("call AWS_ENDPOINT_URL, whatever host the queue's URL names", async () => {
    useEndpoint(endpoint);
    await callBoth();
    expect(requests).toEqual(["HEAD /b/a%20b/%C3%BC", "POST /"]);
  });

  test("prefer the endpoints of their own services", async () => {
    useEndpoint("http://127.0.0.1:9");
    vi.stubEnv("AWS_ENDPOINT_URL_S3", endpoint);
    vi.stubEnv("AWS_ENDPOINT_URL_SQS", endpoint);
    await callBoth();
    expect(requests).toHaveLength(2);
  });

  test("keep the attempts and the path style they are told", async () => {
    useEndpoint(endpoint);
    const receiver = createSqsClient({ ...settings, maxAttempts: 1 });
    const sender = createSqsClient(settings);
    const s3 = createS3Client(settings);
    expect(await Promise.all([receiver, sender, s3].map(async ({ config }) => config.maxAttempts()))).toEqual([1, 3, 5]);
    expect(s3.config.forcePathStyle).toBe(false);
    for (const client of [receiver, sender, s3]) client.destroy();
  });

  test("leave the checksum out of an upload when emulators want it so", async () => {
    useEndpoint(endpoint);
    const modes = await Promise.all(
      (["when_supported", "when_required"] as const).map(async (checksums) =>
        createS3Client({ ...settings, checksums }).config.requestChecksumCalculation(),
      ),
    );
    expect(modes).toEqual(["WHEN_SUPPORTED", "WHEN_REQUIRED"]);
  });

  test("bad input 39: name the account that a bucket must belong to in every request, when there is one", async () => {
    useEndpoint(endpoint);
    const [bare, strict] = [undefined, "123456789012"].map((bucketOwner) =>
      createS3Client({ ...settings, forcePathStyle: true, bucketOwner }),
    );
    if (!bare || !strict) throw new Error("two clients were made");
    await bare.send(new HeadObjectCommand({ Bucket: "b", Key: "k" }));
    await strict.send(new HeadObjectCommand({ Bucket: "b", Key: "k" }));
    await strict.send(new ListObjectsV2Command({ Bucket: "b" })).catch(() => undefined);
    expect(owners).toEqual([undefined, "123456789012", "123456789012"]);
    for (const client of [bare, strict]) client.destroy();
  });
});
