import type { FastifyInstance, FastifyReply } from "fastify";
import { fastify } from "fastify";

import { ConfigError } from "../config/config-error.ts";
import { BUILD_ID } from "../config/version.ts";
import type { HealthReport } from "./health.ts";
import type { JobBoard } from "./jobs.ts";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";
import { redact } from "./redact.ts";
import { renderStatusPage } from "./status-page.ts";

export interface HttpOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly metrics: Pick<Metrics, "contentType" | "text">;
  readonly board: Pick<JobBoard, "running" | "ended">;
  readonly health: () => HealthReport;
  readonly readiness: () => HealthReport | Promise<HealthReport>;
  readonly logger: Logger;
}

export interface HttpServer {
  /** Where it listens, with the port that was taken. */
  readonly url: string;
  /** Ends open connections and resolves when the port is free. */
  close(): Promise<void>;
}

/** A client that takes longer to send its request is cut off. */
const REQUEST_TIMEOUT_MS = 5000;

/**
 * Serves /healthz, /readyz, /metrics, /api/jobs and the status page, for GET and HEAD alone. Throws ConfigError when the
 * address cannot be listened on.
 */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const server = fastify({ bodyLimit: 1024, requestTimeout: REQUEST_TIMEOUT_MS, forceCloseConnections: true });
  secure(server, options.logger);
  addRoutes(server, options);
  return { url: await listen(server, options), close: () => server.close() };
}

function addRoutes(server: FastifyInstance, { metrics, board, health, readiness }: HttpOptions): void {
  server.get("/healthz", (_, reply) => sendReport(reply, health()));
  // Who deploys waits for the answer of the new build, not for any.
  server.get("/readyz", async (_, reply) => sendReport(reply, await readiness(), { build: BUILD_ID }));
  server.get("/metrics", async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  // A key or a reason may hold a signed URL: what the log does not show, no page does.
  server.get("/api/jobs", (_, reply) =>
    reply.type("application/json; charset=utf-8").send(redact(JSON.stringify({ running: board.running(), ended: board.ended() }))),
  );
  server.get("/", async (_, reply) => {
    const page = renderStatusPage({ version: BUILD_ID, health: health(), readiness: await readiness(), board });
    return reply.type("text/html; charset=utf-8").send(redact(page));
  });
}

function sendReport(reply: FastifyReply, { ok, reasons }: HealthReport, facts: { readonly build?: string } = {}): FastifyReply {
  return reply.code(ok ? 200 : 503).send({ status: ok ? "ok" : "unavailable", reasons, ...facts });
}

function secure(server: FastifyInstance, logger: Logger): void {
  server.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    });
    if (request.method === "GET" || request.method === "HEAD") return undefined;
    return reply.code(405).header("allow", "GET, HEAD").send({ error: "GET and HEAD only" });
  });
  server.setNotFoundHandler((_, reply) => reply.code(404).send({ error: "there is nothing here" }));
  server.setErrorHandler((error, _, reply) => {
    logger.warn({ err: error }, "http request failed");
    return reply.code(500).send({ error: "this failed; the log says why" });
  });
}

async function listen(server: FastifyInstance, { host, port }: HttpOptions): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (error) {
    await server.close();
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const why =
      code === "EADDRINUSE"
        ? "is in use: set LADDERD_HTTP_PORT to another one, or to 0 for any"
        : `cannot be listened on (${String(code ?? error)})`;
    throw new ConfigError([`http.port (LADDERD_HTTP_PORT): ${host}:${port} ${why}`], { cause: error });
  }
}
