import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { sharedCredentials } from "../../../src/aws/credentials.ts";
import { ConfigError } from "../../../src/config/config-error.ts";
import { loadConfig, requireDaemonSettings } from "../../../src/config/load.ts";
import type { HttpServer } from "../../../src/telemetry/http.ts";
import { startWorker } from "../../../src/worker.ts";
import { countOf, send } from "../../support/queue.ts";
import type { Site } from "../../support/site.ts";
import { openSite } from "../../support/site.ts";

/** A port that takes its time to be refused: whatever is received meanwhile is lost for its visibility timeout. */
vi.mock("../../../src/telemetry/http.ts", () => ({
  startHttp: async (): Promise<HttpServer> => {
    await delay(2000);
    throw new ConfigError(["http.port (LADDERD_HTTP_PORT): is in use"]);
  },
}));

let site: Site;
beforeAll(async () => {
  site = await openSite("start-order");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await site[Symbol.asyncDispose]();
});

test("bad input 76: a port in use ends the start before anything is received", async () => {
  const env = site.daemonEnv("work");
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  await send(site, { ladderd: 1, source: { bucket: "uploads", key: "waits.mp4" } });
  const config = requireDaemonSettings(loadConfig({ env }));
  const started = startWorker(config, { logger: pino({ level: "silent" }), credentials: sharedCredentials(config.region) });
  await expect(started).rejects.toThrow("LADDERD_HTTP_PORT");
  await expect(countOf(site)).resolves.toStrictEqual({ visible: 1, hidden: 0 });
});
