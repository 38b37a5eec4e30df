import { connect } from "node:net";
import { text } from "node:stream/consumers";

import { afterEach, describe, expect, it } from "vitest";

import { ConfigError } from "../../../src/config/config-error.ts";
import type { HealthReport } from "../../../src/telemetry/health.ts";
import { BUILD_ID } from "../../../src/config/version.ts";
import type { HttpServer } from "../../../src/telemetry/http.ts";
import { startHttp } from "../../../src/telemetry/http.ts";
import { createJobBoard } from "../../../src/telemetry/jobs.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";

const OK: HealthReport = { ok: true, reasons: [] };
const servers: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

interface Given {
  readonly port?: number;
  readonly readiness?: HealthReport;
  readonly health?: HealthReport;
  readonly text?: () => Promise<string>;
}

async function start({ port = 0, readiness = OK, health = OK, text: metricsText }: Given = {}): Promise<HttpServer> {
  const metrics = createMetrics({ version: "1", build: "1+a", node: "v24", ffmpeg: "7", configHash: "0123456789ab" });
  const server = await startHttp({
    host: "127.0.0.1",
    port,
    metrics: { contentType: metrics.contentType, text: metricsText ?? (() => metrics.text()) },
    board: createJobBoard(),
    health: () => health,
    readiness: () => readiness,
    logger: createLogger({ level: "silent", pretty: false }),
  });
  servers.push(server);
  return server;
}

describe("startHttp", () => {
  it.each([
    ["/healthz", "application/json"],
    ["/readyz", "application/json"],
    ["/metrics", "text/plain"],
    ["/api/jobs", "application/json"],
    ["/", "text/html"],
  ])("serves %s by GET and HEAD", async (path, type) => {
    const { url } = await start();
    for (const method of ["GET", "HEAD"]) {
      const response = await fetch(url + path, { method });
      expect([method, response.status]).toEqual([method, 200]);
      expect(response.headers.get("content-type")).toContain(type);
      expect((await response.text()) === "").toBe(method === "HEAD");
    }
  });

  it.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])("refuses %s on any path", async (method) => {
    const { url } = await start();
    for (const path of ["/", "/metrics", "/nowhere"]) {
      const response = await fetch(url + path, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")).toBe("GET, HEAD");
    }
  });

  it("answers 503 with the reasons while it drains or is not well", async () => {
    const { url } = await start({ readiness: { ok: false, reasons: ["draining"] }, health: { ok: false, reasons: ["hung"] } });
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([503, { status: "unavailable", reasons: ["draining"], build: BUILD_ID }]);
    const health = await fetch(`${url}/healthz`);
    expect([health.status, await health.json()]).toEqual([503, { status: "unavailable", reasons: ["hung"] }]);
  });

  it("does not show what went wrong inside", async () => {
    const { url } = await start({ text: () => Promise.reject(new Error("secret detail")) });
    const response = await fetch(`${url}/metrics`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret detail");
  });

  it("forbids the status page every other resource", async () => {
    const { url } = await start();
    const response = await fetch(url);
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  });

  it("bad input 76: names the setting to change when the port is in use", async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    const failure: unknown = await start({ port }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect(failure).toMatchObject({ exitCode: 78, problems: [expect.stringMatching(/LADDERD_HTTP_PORT.*in use/)] });
  });

  it("closes although a client keeps its connection open", async () => {
    const server = await start();
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    const received = text(socket);
    await new Promise((resolve) => socket.once("readable", resolve));
    await server.close();
    expect(await received).toContain("HTTP/1.1 200");
  });
});
