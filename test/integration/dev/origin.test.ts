import { randomBytes } from "node:crypto";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { gunzipSync } from "node:zlib";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOrigin } from "../../../src/cli/dev/origin.ts";
import type { Origin } from "../../../src/cli/dev/origin.ts";
import { clientSettings, startTestAws } from "../../support/embedded-aws.ts";

let aws: Awaited<ReturnType<typeof startTestAws>>;
let origin: Origin;
let s3: S3Client;
const playlist = `#EXTM3U\n${"#EXT-X-VERSION:7\n".repeat(50)}`;
const segment = randomBytes(10_000);

beforeAll(async () => {
  aws = await startTestAws();
  origin = await startOrigin({ endpoint: aws.endpoint, bucket: "published", uploadsBucket: "uploads" });
  s3 = new S3Client({ ...clientSettings(aws), forcePathStyle: true });
  const put = (Key: string, Body: string | Buffer, ContentType: string) =>
    s3.send(new PutObjectCommand({ Bucket: "published", Key, Body, ContentType, CacheControl: "max-age=5" }));
  await put("a/b+c %2B ü/index.m3u8", playlist, "application/vnd.apple.mpegurl");
  await put("clip/r/1/v720/1.m4s", segment, "video/mp4");
  const asset = { ladderd: 1, assetPath: "clip", revision: "1", publishedAt: "2026-01-01T00:00:00Z", durationSeconds: 2 };
  await put("clip/asset.json", JSON.stringify(asset), "application/json");
  await put("later/asset.json", JSON.stringify({ ...asset, assetPath: "later", publishedAt: "2026-01-02T00:00:00Z" }), "application/json");
  await put("moved/asset.json", JSON.stringify(asset), "application/json");
  await put("broken/asset.json", "{", "application/json");
});
afterAll(async () => {
  s3.destroy();
  await origin.close();
  await aws.close();
});

/** fetch would decode gzip and ask for it by itself. */
async function raw(path: string, headers: Record<string, string> = {}, method = "GET") {
  const { port } = new URL(origin.url);
  const outgoing = request({ host: "127.0.0.1", port, path, method, headers, agent: false });
  outgoing.end();
  const answer = await new Promise<IncomingMessage>((resolve, reject) => outgoing.once("response", resolve).once("error", reject));
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(Buffer.from(chunk));
  return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) };
}
const PLAYLIST = `/${["a", "b+c %2B ü", "index.m3u8"].map(encodeURIComponent).join("/")}`;

describe("the origin", () => {
  it("serves an object with its stored headers, for any origin, and no sniffing", async () => {
    const answer = await raw("/clip/r/1/v720/1.m4s?v=1");
    expect(answer.status).toBe(200);
    expect(answer.body.equals(segment)).toBe(true);
    expect(answer.headers).toMatchObject({
      "content-type": "video/mp4",
      "content-length": "10000",
      "cache-control": "max-age=5",
      "access-control-allow-origin": "*",
      "x-content-type-options": "nosniff",
      "accept-ranges": "bytes",
    });
    expect(answer.headers["access-control-expose-headers"]).toMatch(/Content-Length.*Content-Range.*ETag/);
    expect(answer.headers.etag).toMatch(/^"[0-9a-f]{32}"$/);
  });

  it("serves keys with special characters", async () => {
    expect((await raw(PLAYLIST)).body.toString()).toBe(playlist);
    expect((await raw("/a/%E0%A4%A")).status).toBeGreaterThanOrEqual(400);
  });

  it("answers one range with 206, an unsatisfiable one with 416, several with the whole object", async () => {
    const path = "/clip/r/1/v720/1.m4s";
    const part = await raw(path, { range: "bytes=10-19" });
    expect(part).toMatchObject({ status: 206, headers: { "content-range": "bytes 10-19/10000", "content-length": "10" } });
    expect(part.body.equals(segment.subarray(10, 20))).toBe(true);
    expect((await raw(path, { range: "bytes=-5" })).body.equals(segment.subarray(-5))).toBe(true);
    expect((await raw(path, { range: "bytes=9990-" })).body.equals(segment.subarray(9990))).toBe(true);
    expect(await raw(path, { range: "bytes=20000-" })).toMatchObject({ status: 416, headers: { "content-range": "bytes */10000" } });
    expect(await raw(path, { range: "bytes=0-1,5-6" })).toMatchObject({ status: 200, headers: { "content-length": "10000" } });
  });

  it("answers HEAD without a body and If-None-Match with 304", async () => {
    const head = await raw("/clip/r/1/v720/1.m4s", {}, "HEAD");
    expect(head).toMatchObject({ status: 200, headers: { "content-length": "10000", "content-type": "video/mp4" } });
    expect(head.body).toHaveLength(0);
    expect(await raw("/clip/r/1/v720/1.m4s", { "if-none-match": head.headers.etag ?? "" })).toMatchObject({ status: 304 });
    expect(await raw("/nothing", {}, "HEAD")).toMatchObject({ status: 404 });
  });

  it("compresses manifests for clients that take gzip, never media, and never a range", async () => {
    const packed = await raw(PLAYLIST, { "accept-encoding": "br, gzip" });
    expect(packed.headers).toMatchObject({
      "content-encoding": "gzip",
      vary: "Accept-Encoding",
      "content-type": "application/vnd.apple.mpegurl",
    });
    expect(packed.headers["content-length"]).toBeUndefined();
    expect(packed.headers.etag).toMatch(/^W\//);
    expect(gunzipSync(packed.body).toString()).toBe(playlist);
    expect(await raw(PLAYLIST, { "if-none-match": packed.headers.etag ?? "", "accept-encoding": "gzip" })).toMatchObject({ status: 304 });
    for (const headers of [{ "accept-encoding": "gzip;q=0, br" }, {}, { "accept-encoding": "gzip", range: "bytes=0-9" }]) {
      expect((await raw(PLAYLIST, headers)).headers["content-encoding"]).toBeUndefined();
    }
    expect((await raw("/clip/r/1/v720/1.m4s", { "accept-encoding": "gzip" })).headers["content-encoding"]).toBeUndefined();
  });

  it("answers a preflight", async () => {
    const answer = await raw(
      "/clip/index.m3u8",
      { origin: "https://a.example", "access-control-request-method": "GET", "access-control-request-headers": "range" },
      "OPTIONS",
    );
    expect(answer.status).toBe(204);
    expect(answer.headers["access-control-allow-origin"]).toBe("*");
    expect(answer.headers["access-control-allow-methods"]).toContain("GET");
    expect(answer.headers["access-control-allow-headers"]).toContain("Range");
  });

  it("says in plain text what is not there, and redirects nobody", async () => {
    for (const path of ["/nothing/index.m3u8", "/clip", "/clip/", "//evil.example/x", "/clip/r/..%2f..%2fx"]) {
      const answer = await raw(path);
      expect(answer.status).toBe(404);
      expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
      expect(answer.body.toString()).toBe("Not found\n");
    }
  });

  it("lists what is published, the newest first, without what is no asset", async () => {
    const answer = await fetch(`${origin.url}/api/assets`);
    expect(await answer.json()).toMatchObject({
      upload: { endpoint: aws.endpoint, bucket: "uploads" },
      assets: [{ assetPath: "later" }, { assetPath: "clip", durationSeconds: 2 }],
    });
  });

  it("serves the player page with everything it loads", async () => {
    const page = await raw("/");
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    const modules = ["style.css", "app.js", "assets.js", "format.js", "player.js", "engines.js", "hls.js", "shaka.js"];
    for (const name of modules) expect(await raw(`/_player/${name}`)).toMatchObject({ status: 200 });
    expect(await raw("/_player/__proto__")).toMatchObject({ status: 404 });
    expect(await raw("/_player/..%2f..%2fdev.ts")).toMatchObject({ status: 404 });
  });
});

it("is refused a port that is taken", async () => {
  const port = Number(new URL(origin.url).port);
  await expect(startOrigin({ endpoint: aws.endpoint, bucket: "published", uploadsBucket: "uploads", port })).rejects.toMatchObject({
    code: "EADDRINUSE",
  });
});
