import { fastify } from "fastify";
import type { FastifyInstance, FastifyReply } from "fastify";
import { createLoopback } from "./loopback.ts";
import type { OriginRequest } from "./origin-object.ts";
import { fetchObject } from "./origin-object.ts";
import { pageFile } from "./origin-page.ts";
import { createStorage } from "./storage.ts";

export interface OriginOptions {
  /** The embedded S3. */
  readonly endpoint: string;
  readonly region?: string;
  /** The published bucket. */
  readonly bucket: string;
  /** Named by the page when nothing is published yet. */
  readonly uploadsBucket: string;
  /** 0 or absent: any free one. */
  readonly port?: number;
}

export interface Origin {
  /** http://127.0.0.1:port */
  readonly url: string;
  close(): Promise<void>;
}

/** As CloudFront's CORS-with-preflight response headers policy, for every origin. */
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Content-Length, Content-Range, Content-Encoding, Accept-Ranges, ETag, Last-Modified, Date",
  "x-content-type-options": "nosniff",
};
const PREFLIGHT = {
  "access-control-allow-methods": "GET, HEAD, OPTIONS",
  "access-control-allow-headers": "*, Authorization, Range, If-None-Match, If-Modified-Since",
  "access-control-max-age": "600",
};

/**
 * Serves the published bucket on 127.0.0.1 as CloudFront would (stored headers, CORS, Range, HEAD, gzip for manifests, no
 * redirects), with the player page at `/` and what is published at `/api/assets`. Rejects when the port is taken.
 */
export async function startOrigin(options: OriginOptions): Promise<Origin> {
  const { endpoint, region = "us-east-1", bucket, uploadsBucket, port = 0 } = options;
  const s3 = createLoopback(Number(new URL(endpoint).port));
  const storage = createStorage({ endpoint, region });
  const app = fastify({ forceCloseConnections: true, exposeHeadRoutes: false });
  app.addHook("onSend", async (_request, reply) => void reply.headers(CORS));
  app.options("/*", (_request, reply) => reply.code(204).headers(PREFLIGHT).send());
  app.get("/api/assets", async (_request, reply) => {
    const assets = await storage.assets(bucket);
    return reply.header("cache-control", "no-store").send({ upload: { endpoint, bucket: uploadsBucket, region }, assets });
  });
  servePage(app);
  app.route({
    method: ["GET", "HEAD"],
    url: "/*",
    handler: async ({ raw }, reply) => {
      const request: OriginRequest = { method: raw.method === "HEAD" ? "HEAD" : "GET", url: raw.url ?? "/", headers: raw.headers };
      const { status, headers, body } = await fetchObject({ s3, bucket }, request);
      return reply.code(status).headers(headers).send(body);
    },
  });
  app.setErrorHandler((_error, _request, reply) => plain(reply, 502, "Bad gateway"));
  await app.listen({ host: "127.0.0.1", port }).catch(async (error: unknown) => {
    await closeAll();
    throw error;
  });
  return { url: app.listeningOrigin, close: closeAll };

  async function closeAll(): Promise<void> {
    await app.close();
    s3.close();
    storage.close();
  }
}

function servePage(app: FastifyInstance): void {
  const send = async (reply: FastifyReply, name: string): Promise<FastifyReply> => {
    const file = await pageFile(name);
    return file ? reply.headers(file.headers).send(file.body) : plain(reply, 404, "Not found");
  };
  app.get("/", (_request, reply) => send(reply, "index.html"));
  app.get<{ Params: { name: string } }>("/_player/:name", ({ params }, reply) => send(reply, params.name));
}

const plain = (reply: FastifyReply, status: number, text: string): FastifyReply =>
  reply.code(status).header("content-type", "text/plain; charset=utf-8").send(`${text}\n`);
