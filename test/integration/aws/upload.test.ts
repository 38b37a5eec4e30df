import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createS3Client } from "../../../src/aws/clients.ts";
import { createS3ObjectStore } from "../../../src/aws/s3-object-store.ts";
import { DestinationError, ShutdownError, StorageError } from "../../../src/domain/errors.ts";
import { PreconditionFailed } from "../../../src/pipeline/ports.ts";
import { useEndpoint } from "../queue/fixture.ts";
import type { Answer, AnsweringS3, SeenRequest } from "./answering-s3.ts";
import { startAnsweringS3, startDecidingS3 } from "./answering-s3.ts";

const HEADERS = { contentType: "video/mp4", cacheControl: "public, max-age=31536000, immutable" };
const cleanups: (() => unknown)[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ladderd-upload-"));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await rm(folder, { recursive: true });
  vi.unstubAllEnvs();
});

async function aFile(sizeBytes: number): Promise<string> {
  const path = join(folder, "segment.m4s");
  await writeFile(path, Buffer.alloc(sizeBytes, 7));
  return path;
}

function clientOf(server: AnsweringS3) {
  useEndpoint(server.endpoint);
  const settings = { region: "us-east-1", endpointOverridden: true, forcePathStyle: true, socketTimeoutMs: 2000, maxAttempts: 1 };
  const client = createS3Client(settings);
  cleanups.push(() => client.destroy(), server.close);
  return { requests: server.requests, client };
}

const anS3ThatAnswers = async (...answers: readonly Answer[]) => clientOf(await startAnsweringS3(...answers));
const anS3That = async (...decide: Parameters<typeof startDecidingS3>) => clientOf(await startDecidingS3(...decide));

const OK: Answer = { status: 200, headers: { etag: '"e1"' } };
const REFUSED: Answer = { status: 412, code: "PreconditionFailed" };
const STARTED: Answer = { status: 200, body: "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>" };
const COMPLETED: Answer = { ...OK, body: "<CompleteMultipartUploadResult><ETag>e1</ETag></CompleteMultipartUploadResult>" };

/** The request that makes the object. */
const isLastWrite = ({ method, url }: SeenRequest): boolean =>
  (method === "PUT" && !url.includes("uploadId=")) || (method === "POST" && url.includes("uploadId="));

describe("an upload", () => {
  test("that broke off halfway is sent again from its start", async () => {
    const { requests, client } = await anS3ThatAnswers({ ...OK, resetAfter: 200_000 }, OK);
    await createS3ObjectStore(client, "b").uploadFile({ key: "k", path: await aFile(1_000_000), headers: HEADERS });
    expect(requests).toHaveLength(2);
    expect(requests[1]?.bytes).toBeGreaterThanOrEqual(1_000_000);
  });

  test("fault 38: that S3 refuses to serve is tried four times, each with all its bytes", async () => {
    const { requests, client } = await anS3ThatAnswers({ status: 503, code: "SlowDown" });
    const upload = createS3ObjectStore(client, "b").uploadFile({ key: "k", path: await aFile(100_000), headers: HEADERS });
    await expect(upload).rejects.toBeInstanceOf(StorageError);
    expect(requests.map(({ bytes }) => bytes >= 100_000)).toEqual([true, true, true, true]);
  });

  test("that is denied is not tried again", async () => {
    const { requests, client } = await anS3ThatAnswers({ status: 403, code: "AccessDenied" });
    const upload = createS3ObjectStore(client, "b").uploadFile({ key: "k", path: await aFile(10), headers: HEADERS });
    await expect(upload).rejects.toBeInstanceOf(DestinationError);
    expect(requests).toHaveLength(1);
  });

  test("of a file that is not there fails with the file system's error", async () => {
    const { requests, client } = await anS3ThatAnswers(OK);
    await expect(
      createS3ObjectStore(client, "b").uploadFile({ key: "k", path: join(folder, "none"), headers: HEADERS }),
    ).rejects.toMatchObject({ code: "ENOENT" });
    expect(requests).toEqual([]);
  });

  test.each([100_000, 20_000_000])("of %i bytes ends at an abort with its reason", async (sizeBytes) => {
    const { client } = await anS3ThatAnswers({ status: 503, code: "SlowDown" });
    const stop = new AbortController();
    const reason = new ShutdownError("stopping");
    const upload = createS3ObjectStore(client, "b").uploadFile({ key: "k", path: await aFile(sizeBytes), headers: HEADERS }, stop.signal);
    setTimeout(() => stop.abort(reason), 20);
    await expect(upload).rejects.toBe(reason);
  });

  describe.each([
    ["one request", 100_000],
    ["parts", 20_000_000],
  ])("of a new object in %s", (_how, sizeBytes) => {
    /** S3 as it is: a write to what is there already is refused. */
    const aBucket = (write: (request: SeenRequest) => Answer | undefined, thereBytes = sizeBytes) =>
      anS3That((request) => {
        const isWrite = isLastWrite(request);
        if (isWrite) return write(request);
        if (request.method === "HEAD") return { status: 200, headers: { "content-length": `${thereBytes}`, etag: '"e1"' } };
        return request.method === "POST" ? STARTED : OK;
      });
    const uploadNew = async (client: S3Client): Promise<void> =>
      createS3ObjectStore(client, "b").uploadFile({
        key: "k",
        path: await aFile(sizeBytes),
        headers: HEADERS,
        condition: { kind: "absent" },
      });

    test("asks S3 to replace nothing", async () => {
      const { requests, client } = await aBucket(() => COMPLETED);
      await uploadNew(client);
      expect(requests.filter(isLastWrite).map(({ headers }) => headers["if-none-match"])).toEqual(["*"]);
    });

    test("fault 39: knows its own write again when the answer was lost", async () => {
      let writes = 0;
      const { requests, client } = await aBucket(() => {
        writes += 1;
        return writes === 1 ? { status: 200, isLost: true } : REFUSED;
      });
      await uploadNew(client);
      expect(requests.filter(isLastWrite)).toHaveLength(2);
      expect(requests.some(({ method }) => method === "HEAD")).toBe(true);
    });

    test("leaves an object alone that is not its own", async () => {
      const { client } = await aBucket(() => REFUSED, sizeBytes - 1);
      await expect(uploadNew(client)).rejects.toBeInstanceOf(PreconditionFailed);
    });

    test("fault 40: is made again from its start after a conflict", async () => {
      let writes = 0;
      const { requests, client } = await aBucket(() => {
        writes += 1;
        return writes === 1 ? { status: 409, code: "ConditionalRequestConflict" } : COMPLETED;
      });
      await uploadNew(client);
      const sent = requests.filter(({ method }) => method === "PUT").reduce((total, { bytes }) => total + bytes, 0);
      expect(sent).toBeGreaterThanOrEqual(2 * sizeBytes);
    });
  });
});
