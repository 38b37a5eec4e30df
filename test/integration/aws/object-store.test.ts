import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FauxqsServer } from "fauxqs";
import { startFauxqs } from "fauxqs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createS3Client } from "../../../src/aws/clients.ts";
import { createS3ObjectStore } from "../../../src/aws/s3-object-store.ts";
import { createS3SourceStore } from "../../../src/aws/s3-source-store.ts";
import { DestinationError, SourceError, StorageError } from "../../../src/domain/errors.ts";
import { forAll } from "../../../src/publish/revision-objects.ts";
import { PreconditionFailed } from "../../../src/pipeline/ports.ts";
import { useEndpoint } from "../queue/fixture.ts";
import type { Answer } from "./answering-s3.ts";
import { startAnsweringS3 } from "./answering-s3.ts";

const HEADERS = { contentType: "application/vnd.apple.mpegurl", cacheControl: "public, max-age=5" };
const cleanups: (() => unknown)[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ladderd-store-"));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await rm(folder, { recursive: true });
  vi.unstubAllEnvs().useRealTimers();
});

function aClient(socketTimeoutMs = 2000) {
  const client = createS3Client({
    region: "us-east-1",
    endpointOverridden: true,
    forcePathStyle: true,
    socketTimeoutMs,
    maxAttempts: 1,
  });
  cleanups.push(() => client.destroy());
  return client;
}

async function aFile(sizeBytes: number): Promise<string> {
  const path = join(folder, "segment.m4s");
  await writeFile(path, Buffer.alloc(sizeBytes, 7));
  return path;
}

describe("the object store over an emulated S3", () => {
  let server: FauxqsServer;
  let client: ReturnType<typeof aClient>;
  beforeEach(async () => {
    server = await startFauxqs({ port: 0, logger: false, host: "127.0.0.1" });
    server.createBucket("published");
    cleanups.push(async () => server.stop());
    useEndpoint(server.address);
    // The emulator takes seconds for a page of removals on a busy machine.
    client = aClient(20_000);
  });

  test("reads back what it wrote, with its ETag and its age by the store's clock; nothing for what is not there", async () => {
    const store = createS3ObjectStore(client, "published");
    const { etag } = await store.writeText({ key: "a/asset.json", text: "{}", headers: HEADERS });
    expect(etag).toMatch(/^[0-9a-f]{32}$/);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    expect(await store.readText("a/asset.json")).toEqual({
      text: "{}",
      etag,
      ageSeconds: expect.closeTo(0, -2),
      readAtMs: expect.closeTo(Date.now() - 3_600_000, -5),
    });
    expect(await store.readText("a/other.json")).toBeUndefined();
  });

  test.each([0, 1, 300_000, 8 * 1024 * 1024, 20 * 1024 * 1024 + 1])("uploads a file of %i bytes, with its headers", async (sizeBytes) => {
    const store = createS3ObjectStore(client, "published");
    await store.uploadFile({ key: "a/1.m4s", path: await aFile(sizeBytes), headers: HEADERS });
    expect(await store.list("a/")).toEqual([{ key: "a/1.m4s", sizeBytes }]);
    const response = await fetch(`${server.address}/published/a/1.m4s`);
    expect(response.headers.get("content-type")).toBe(HEADERS.contentType);
    expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.alloc(sizeBytes, 7))).toBe(true);
  });

  test.each(["a/1.m4s", "a b+c/ü%20?#&.m4s"])("copies %s with its headers, whatever its key", async (key) => {
    const store = createS3ObjectStore(client, "published");
    await store.uploadFile({ key: `r/1/${key}`, path: await aFile(300_000), headers: HEADERS });
    await store.copy(`r/1/${key}`, `r/2/${key}`);
    expect(await store.list("r/2/")).toEqual([{ key: `r/2/${key}`, sizeBytes: 300_000 }]);
    const path = `r/2/${key}`.split("/").map(encodeURIComponent).join("/");
    const { headers } = await fetch(`${server.address}/published/${path}`);
    expect([headers.get("content-type"), headers.get("cache-control")]).toEqual([HEADERS.contentType, HEADERS.cacheControl]);
  });

  test("writes an object into a file, and says when there is none", async () => {
    const store = createS3ObjectStore(client, "published");
    await store.uploadFile({ key: "a/1.m4s", path: await aFile(300_000), headers: HEADERS });
    await store.downloadFile({ key: "a/1.m4s", path: join(folder, "back") });
    expect((await readFile(join(folder, "back"))).equals(Buffer.alloc(300_000, 7))).toBe(true);
    await expect(store.downloadFile({ key: "a/2.m4s", path: join(folder, "none") })).rejects.toBeInstanceOf(StorageError);
  });

  test("says that there is nothing to copy", async () => {
    const store = createS3ObjectStore(client, "published");
    await expect(store.copy("none", "some")).rejects.toBeInstanceOf(StorageError);
  });

  test("lists and removes more than a page of objects", async () => {
    const store = createS3ObjectStore(client, "published");
    const keys = Array.from({ length: 1105 }, (_, index) => `many/${index}`);
    await forAll(keys, 32, async (key) => void (await store.writeText({ key, text: key, headers: HEADERS })));
    expect(await store.list("many/")).toHaveLength(1105);
    await store.remove(keys);
    expect(await store.list("many/")).toEqual([]);
    await store.remove([]);
  });

  test("says of a bucket that is not there that the destination is denied", async () => {
    const store = createS3ObjectStore(client, "missing");
    await expect(store.writeText({ key: "k", text: "", headers: HEADERS })).rejects.toBeInstanceOf(DestinationError);
    await expect(store.readText("k")).rejects.toBeInstanceOf(DestinationError);
  });

  test("gives the source as HEAD describes it, and says when it is not there", async () => {
    await createS3ObjectStore(client, "published").writeText({ key: "dir/a+b c.mp4", text: "1234", headers: HEADERS });
    const sources = createS3SourceStore(client);
    const ref = { bucket: "published", key: "dir/a+b c.mp4" };
    expect(await sources.head(ref)).toEqual({
      ref,
      etag: "81dc9bdb52d04dc20036dbd8313ed055",
      sizeBytes: 4,
      lastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    const error: unknown = await sources.head({ ...ref, key: "none" }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({ code: "source_not_found" });
  });
});

describe("the source store over an emulated S3", () => {
  test("lists what begins with a prefix, glob characters and all", async () => {
    const server = await startFauxqs({ port: 0, logger: false, host: "127.0.0.1" });
    cleanups.push(async () => server.stop());
    server.createBucket("uploads");
    useEndpoint(server.address);
    const client = aClient();
    const store = createS3ObjectStore(client, "uploads");
    const keys = ["d/[a] *?.mp4", "d/[a] *?.sv.srt", "d/[a] *", "d/a.srt"];
    for (const key of keys) await store.writeText({ key, text: "1234", headers: HEADERS });
    const etag = "81dc9bdb52d04dc20036dbd8313ed055";
    expect(await createS3SourceStore(client).list({ bucket: "uploads", prefix: "d/[a] *?." })).toEqual([
      { key: "d/[a] *?.mp4", sizeBytes: 4, etag },
      { key: "d/[a] *?.sv.srt", sizeBytes: 4, etag },
    ]);
  });
});

async function anS3That(...answers: readonly Answer[]) {
  const server = await startAnsweringS3(...answers);
  cleanups.push(server.close);
  useEndpoint(server.endpoint);
  return { requests: server.requests, client: aClient() };
}

const OK: Answer = { status: 200, headers: { etag: '"e1"' } };

describe("a conditional write", () => {
  test("sends its condition as HTTP wants it", async () => {
    const { requests, client } = await anS3That(OK);
    const store = createS3ObjectStore(client, "b");
    expect(await store.writeText({ key: "k", text: "x", headers: HEADERS, condition: { kind: "absent" } })).toEqual({ etag: "e1" });
    await store.writeText({ key: "k", text: "x", headers: HEADERS, condition: { kind: "match", etag: "e0" } });
    expect(requests.map(({ headers }) => [headers["if-none-match"], headers["if-match"]])).toEqual([
      ["*", undefined],
      [undefined, '"e0"'],
    ]);
    expect(requests[0]?.headers).toMatchObject({ "content-type": HEADERS.contentType, "cache-control": HEADERS.cacheControl });
  });

  test.each([
    [412, "PreconditionFailed"],
    [404, "NoSuchKey"],
  ])("that does not hold (%i) is PreconditionFailed", async (status, code) => {
    const { client } = await anS3That({ status, code });
    const write = createS3ObjectStore(client, "b").writeText({
      key: "k",
      text: "x",
      headers: HEADERS,
      condition: { kind: "match", etag: "e0" },
    });
    await expect(write).rejects.toBeInstanceOf(PreconditionFailed);
  });

  test("removes an object that is still the one it names, and says when it is not", async () => {
    const { requests, client } = await anS3That(
      { status: 204 },
      { status: 412, code: "PreconditionFailed" },
      { status: 404, code: "NoSuchKey" },
    );
    const store = createS3ObjectStore(client, "b");
    await store.removeMatching({ key: "k", etag: "e0" });
    expect(requests[0]).toMatchObject({ method: "DELETE", headers: { "if-match": '"e0"' } });
    for (let times = 0; times < 2; times += 1)
      await expect(store.removeMatching({ key: "k", etag: "e0" })).rejects.toBeInstanceOf(PreconditionFailed);
  });

  test("fault 40: that met another at the same moment is made again", async () => {
    const conflict = { status: 409, code: "ConditionalRequestConflict" };
    const { requests, client } = await anS3That(conflict, conflict, OK);
    await createS3ObjectStore(client, "b").writeText({ key: "k", text: "x", headers: HEADERS, condition: { kind: "absent" } });
    expect(requests).toHaveLength(3);
  });

  test("fault 40: that meets another every time is tried again later", async () => {
    const { requests, client } = await anS3That({ status: 409, code: "ConditionalRequestConflict" });
    const write = createS3ObjectStore(client, "b").writeText({ key: "k", text: "x", headers: HEADERS, condition: { kind: "absent" } });
    await expect(write).rejects.toBeInstanceOf(StorageError);
    expect(requests).toHaveLength(4);
  });
});

describe("the HEAD of a source", () => {
  const head = { etag: '"e1"', "content-length": "5", "last-modified": "Fri, 20 Nov 2026 10:00:00 GMT" };
  const headWith = async (headers: Readonly<Record<string, string>>, status = 200) => {
    const { requests, client } = await anS3That({ status, headers });
    const result: unknown = await createS3SourceStore(client)
      .head({ bucket: "b", key: "k", versionId: "v1" })
      .catch((thrown: unknown) => thrown);
    return { result, requests };
  };

  test.each([
    { "x-amz-storage-class": "GLACIER" },
    { "x-amz-storage-class": "DEEP_ARCHIVE", "x-amz-restore": 'ongoing-request="true"' },
    { "x-amz-storage-class": "INTELLIGENT_TIERING", "x-amz-archive-status": "ARCHIVE_ACCESS" },
  ])("says that %j is archived", async (headers) => {
    expect((await headWith({ ...head, ...headers })).result).toMatchObject({ code: "source_archived" });
  });

  test.each([
    { "x-amz-storage-class": "GLACIER_IR" },
    { "x-amz-storage-class": "GLACIER", "x-amz-restore": 'ongoing-request="false", expiry-date="Fri, 21 Dec 2026 00:00:00 GMT"' },
  ])("takes %j, which can be read", async (headers) => {
    expect((await headWith({ ...head, ...headers })).result).toEqual({
      ref: { bucket: "b", key: "k", versionId: "v1" },
      etag: "e1",
      sizeBytes: 5,
      lastModified: "2026-11-20T10:00:00.000Z",
    });
  });

  test.each([
    [403, "source_denied"],
    [404, "source_not_found"],
    [405, "source_not_found"],
    [503, "storage_throttled"],
  ])("sorts a status of %i without a body as %s", async (status, code) => {
    expect((await headWith({}, status)).result).toMatchObject({ code });
  });
});
