import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createS3Client } from "../../../src/aws/clients.ts";
import { createS3ObjectStore } from "../../../src/aws/s3-object-store.ts";
import { createS3SourceStore } from "../../../src/aws/s3-source-store.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import { clientSettings, startTestAws } from "../../support/embedded-aws.ts";
import type { TcpProxy, Weather } from "../../support/tcp-proxy.ts";
import { BLACK_HOLE, startTcpProxy } from "../../support/tcp-proxy.ts";
import { useEndpoint } from "../queue/fixture.ts";

const BYTES = randomBytes(1_500_000);
const HEADERS = { contentType: "video/mp4", cacheControl: "no-store" };
const REF = { bucket: "uploads", key: "clip.mp4" };

let aws: Awaited<ReturnType<typeof startTestAws>>;
let proxy: TcpProxy;
let client: S3Client;
let folder: TemporaryFolder;

beforeAll(async () => {
  aws = await startTestAws();
  const direct = new S3Client({ ...clientSettings(aws), forcePathStyle: true });
  await direct.send(new PutObjectCommand({ Bucket: REF.bucket, Key: REF.key, Body: BYTES }));
  direct.destroy();
});
afterAll(() => aws.close());

beforeEach(async () => {
  folder = await temporaryFolder();
  proxy = await startTcpProxy(aws.endpoint);
  useEndpoint(proxy.endpoint);
  client = createS3Client({ region: "us-east-1", endpointOverridden: true, forcePathStyle: true, socketTimeoutMs: 400 });
});
afterEach(async () => {
  client.destroy();
  await proxy[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

async function download(): Promise<Buffer> {
  const sources = createS3SourceStore(client);
  const object = await sources.head(REF);
  await sources.download(object, folder.in("source.bin"), { signal: new AbortController().signal });
  return readFile(folder.in("source.bin"));
}

describe("a download", () => {
  test.each<readonly [fault: string, what: string, down: Weather]>([
    ["fault 36", "stalls after 600 kB of each connection", { after: { bytes: 600_000, how: "stall" } }],
    ["fault 37", "is cut after 600 kB of each connection", { after: { bytes: 600_000, how: "end" } }],
    ["fault 37", "is reset after 600 kB of each connection", { after: { bytes: 600_000, how: "reset" } }],
    ["fault 36", "comes late", { latencyMs: 50 }],
    ["fault 36", "comes slowly, but never stands still", { bytesPerSecond: 1_500_000 }],
  ])("%s: that %s brings every byte", async (_fault, _what, down) => {
    proxy.weather({ down });
    expect(digest(await download())).toBe(digest(BYTES));
  });

  test("fault 36: from a black hole ends as storage_throttled, and the next one works when it is gone", async () => {
    proxy.weather({ down: BLACK_HOLE });
    await expect(download()).rejects.toMatchObject({ code: "storage_throttled", disposition: "retry" });
    proxy.weather({});
    expect(digest(await download())).toBe(digest(BYTES));
  });
});

describe("an upload", () => {
  const upload = async () => {
    await writeFile(folder.in("segment.m4s"), BYTES);
    const key = `r/${randomBytes(4).toString("hex")}/00001.m4s`;
    const store = createS3ObjectStore(client, "published");
    await store.uploadFile({ key, path: folder.in("segment.m4s"), headers: HEADERS, condition: { kind: "absent" } });
    return store.list(key);
  };

  test.each<readonly [fault: string, what: string, weather: Parameters<TcpProxy["weather"]>[0]]>([
    ["fault 38", "is reset halfway", { up: { after: { bytes: 750_000, how: "reset", times: 1 } } }],
    ["fault 38", "stands still halfway", { up: { after: { bytes: 750_000, how: "stall", times: 1 } } }],
    ["fault 39", "loses its answer", { down: { after: { bytes: 0, how: "reset", times: 1 } } }],
    ["fault 39", "never gets its answer", { down: { after: { bytes: 0, how: "stall", times: 1 } } }],
  ])("%s: that %s is made once more, and is whole", async (_fault, _what, weather) => {
    proxy.weather(weather);
    expect(await upload()).toEqual([{ key: expect.any(String), sizeBytes: BYTES.length }]);
  });
});

test("fault 43: a host that cannot be reached is tried again later", async () => {
  await proxy.refuse();
  const startedAt = performance.now();
  await expect(createS3SourceStore(client).head(REF)).rejects.toMatchObject({ code: "storage_throttled", disposition: "retry" });
  expect(performance.now() - startedAt).toBeLessThan(30_000);
  await proxy.accept();
  await expect(createS3SourceStore(client).head(REF)).resolves.toMatchObject({ sizeBytes: BYTES.length });
});
