import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { createS3Client } from "../../../src/aws/clients.ts";
import { createS3SourceStore } from "../../../src/aws/s3-source-store.ts";
import { ShutdownError, StorageError } from "../../../src/domain/errors.ts";
import { SourceChanged } from "../../../src/pipeline/ports.ts";
import { useEndpoint } from "../queue/fixture.ts";
import { startAnsweringS3 } from "./answering-s3.ts";
import type { ObjectServerOptions } from "./object-server.ts";
import { digestOf, ETAG, startObjectServer } from "./object-server.ts";

const MIB = 1024 * 1024;
let folder: string;
const cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ladderd-download-"));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await rm(folder, { recursive: true });
  vi.unstubAllEnvs();
});

async function aDownload(options: ObjectServerOptions, { maxAttempts = 2 } = {}) {
  const server = await startObjectServer(options);
  useEndpoint(server.endpoint);
  const client = createS3Client({
    region: "us-east-1",
    endpointOverridden: true,
    forcePathStyle: true,
    socketTimeoutMs: 300,
    maxAttempts,
  });
  cleanups.push(() => client.destroy(), server.close);
  const path = join(folder, "source.bin");
  const object = {
    ref: { bucket: "uploads", key: "clip.mp4" },
    etag: ETAG,
    sizeBytes: options.sizeBytes,
    lastModified: "2026-11-20T10:00:00Z",
  };
  let bytes = 0;
  const run = async (signal = new AbortController().signal): Promise<void> =>
    createS3SourceStore(client).download(object, path, { signal, onBytes: (count) => (bytes += count) });
  return { server, path, run, bytes: () => bytes };
}

async function digestOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

describe("a download", () => {
  test("brings 40 MB in at most 8 ranges at once, byte for byte", async () => {
    const sizeBytes = 40 * MIB + 12_345;
    const { server, path, run, bytes } = await aDownload({ sizeBytes });
    await run();
    expect(await digestOfFile(path)).toBe(digestOf(sizeBytes));
    expect(bytes()).toBe(sizeBytes);
    expect(server.ranges).toHaveLength(6);
    expect(server.peakRequests()).toBeLessThanOrEqual(8);
  });

  test("keeps the process below 140 MB, however large the object is", async () => {
    const sizeBytes = 400 * MIB;
    const { server, path } = await aDownload({ sizeBytes });
    const script = join(import.meta.dirname, "download-process.ts");
    const env = { PATH: process.env["PATH"], AWS_ENDPOINT_URL: server.endpoint, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
    const { stdout } = await promisify(execFile)(process.execPath, [script, path, `${sizeBytes}`, ETAG], { env });
    const { before, peak } = z.object({ before: z.number(), peak: z.number() }).parse(JSON.parse(stdout));
    expect(peak, `${before} MB before, ${peak} MB at most`).toBeLessThan(140);
    expect(await digestOfFile(path)).toBe(digestOf(sizeBytes));
  });

  test("bad input 38: keeps the bytes as they are, whatever the headers call them", async () => {
    const body = "no gzip at all";
    const headers = { etag: `"${ETAG}"`, "content-length": `${body.length}`, "content-encoding": "gzip", "content-type": "text/html" };
    const server = await startAnsweringS3({ status: 206, headers, body });
    useEndpoint(server.endpoint);
    const client = createS3Client({ region: "us-east-1", endpointOverridden: true, forcePathStyle: true, maxAttempts: 1 });
    cleanups.push(() => client.destroy(), server.close);
    const path = join(folder, "source.bin");
    const ref = { bucket: "uploads", key: "page.html" };
    const object = { ref, etag: ETAG, sizeBytes: body.length, lastModified: "2026-11-20T10:00:00Z" };
    await createS3SourceStore(client).download(object, path, { signal: new AbortController().signal });
    expect(await readFile(path, "utf8")).toBe(body);
  });

  test("of an empty object is an empty file", async () => {
    const { path, run, server } = await aDownload({ sizeBytes: 0 });
    await run();
    expect(await digestOfFile(path)).toBe(digestOf(0));
    expect(server.ranges).toEqual([]);
  });

  test.each([
    ["fault 36", "stall"],
    ["fault 37", "truncate"],
  ] as const)("%s: takes a range up where the body did %s", async (_fault, manner) => {
    const sizeBytes = 20 * MIB;
    const { server, path, run, bytes } = await aDownload({ sizeBytes, behave: ({ request }) => (request <= 3 ? manner : "serve") });
    await run();
    expect(await digestOfFile(path)).toBe(digestOf(sizeBytes));
    expect(bytes()).toBe(sizeBytes);
    const taken = server.ranges.slice(3).map((range) => Number(range.split("-")[0]) % (8 * MIB));
    expect(taken).toHaveLength(3);
    expect(Math.min(...taken)).toBeGreaterThan(0);
  });

  test("fault 38: survives a storm of SlowDown", async () => {
    const sizeBytes = 20 * MIB;
    const { path, run } = await aDownload({ sizeBytes, behave: ({ request }) => (request <= 4 ? "busy" : "serve") });
    await run();
    expect(await digestOfFile(path)).toBe(digestOf(sizeBytes));
  });

  test("fault 38: gives up in a storm that does not end, within a budget of requests", async () => {
    const { server, run } = await aDownload({ sizeBytes: 64 * MIB, behave: () => "busy" });
    await expect(run()).rejects.toMatchObject({ code: "storage_throttled", disposition: "retry" });
    // Eight ranges at once, and forty repeats of them all, the SDK's among them.
    expect(server.ranges.length).toBeLessThanOrEqual(48);
  });

  test("R-L5: has forty repeats for all its ranges in a storm, however often the SDK and a range would try", async () => {
    const { server, run } = await aDownload({ sizeBytes: 64 * MIB, behave: () => "busy" }, { maxAttempts: 5 });
    await expect(run()).rejects.toMatchObject({ code: "storage_throttled", disposition: "retry" });
    expect(server.ranges.length).toBeLessThanOrEqual(48);
    expect(server.ranges.length).toBeGreaterThan(16);
    expect(await readdir(folder)).toEqual([]);
  });

  test("R-L5: earns a repeat with each range that ends, so that a long one outlives many failures", async () => {
    // Each range breaks off once: more of them than a storm's budget.
    const sizeBytes = 42 * 8 * MIB;
    const { server, path, run } = await aDownload({ sizeBytes, behave: ({ from }) => (from % (8 * MIB) === 0 ? "truncate" : "serve") });
    await run();
    expect(server.ranges).toHaveLength(2 * 42);
    expect(await digestOfFile(path)).toBe(digestOf(sizeBytes));
  });

  test("gives up on a range that breaks off every time, and leaves no file", async () => {
    const { server, run } = await aDownload({ sizeBytes: MIB, behave: () => "truncate" });
    await expect(run()).rejects.toBeInstanceOf(StorageError);
    // Five tries of ours; a connection that breaks before its headers is sent again by the SDK, within its own 5 attempts.
    expect(server.ranges.length).toBeGreaterThanOrEqual(5);
    expect(server.ranges.length).toBeLessThanOrEqual(25);
    expect(await readdir(folder)).toEqual([]);
  });

  test("fault 31, bad input 37: of an object that was overwritten meanwhile ends as changed, and leaves no file", async () => {
    const { run } = await aDownload({ sizeBytes: 20 * MIB, behave: ({ request }) => (request === 3 ? "changed" : "serve") });
    const error: unknown = await run().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceChanged);
    expect(await readdir(folder)).toEqual([]);
  });

  test("never takes the whole object for a range of it", async () => {
    const { run } = await aDownload({ sizeBytes: 9 * MIB, behave: () => "whole" });
    await expect(run()).rejects.toThrow("another range");
    expect(await readdir(folder)).toEqual([]);
  });

  test("ends at once at an abort, with its reason, and leaves no file", async () => {
    const { run } = await aDownload({ sizeBytes: 40 * MIB, behave: () => "stall" });
    const stop = new AbortController();
    const reason = new ShutdownError("stopping");
    setTimeout(() => stop.abort(reason), 100);
    const startedAt = performance.now();
    await expect(run(stop.signal)).rejects.toBe(reason);
    expect(performance.now() - startedAt).toBeLessThan(290);
    expect(await readdir(folder)).toEqual([]);
  });

  test("warns of no leaked listener", async () => {
    const warnings: string[] = [];
    const note = (warning: Error): void => void warnings.push(warning.message);
    process.on("warning", note);
    cleanups.push(() => process.off("warning", note));
    const { run } = await aDownload({ sizeBytes: 100 * MIB, behave: ({ request }) => (request % 4 === 0 ? "truncate" : "serve") });
    await run();
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  });
});
