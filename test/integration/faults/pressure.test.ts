import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listen } from "../../../src/cli/dev/listen.ts";
import { makeClip } from "../../support/clips.ts";
import { childEnvironment, MAIN } from "../../support/daemon.ts";
import { settledCount } from "../../support/metrics.ts";
import { publishedAt } from "../../support/published.ts";
import { send } from "../../support/queue.ts";
import type { Site } from "../../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../../support/site.ts";
import { until } from "../../support/until.ts";

const SHORT_LEASE = { LADDERD_LEASE_VISIBILITY_SECONDS: "6", LADDERD_LEASE_EXTEND_SECONDS: "1", LADDERD_LEASE_MARGIN_SECONDS: "2" };
/** Each missing source is told of in lines of some kilobytes: together they are more than a pipe holds. */
const NOISY_JOBS = 40;
const LONG_KEY = "x".repeat(1000);
let site: Site;

beforeAll(async () => {
  site = await openSite("pressure");
  await makeClip(site.path("clip.mp4"), { size: "320x180", seconds: 2 });
  await uploadFile(site, site.path("clip.mp4"), { bucket: QUIET_BUCKET, key: "clip.mp4" });
});
afterAll(() => site[Symbol.asyncDispose]());

async function freePort(): Promise<number> {
  const server = createServer();
  const { port } = await listen(server, 0);
  server.close();
  await once(server, "close");
  return port;
}

/** A client that asks and never reads the answer. */
function slowClient(port: number): Socket {
  const socket = connect({ host: "127.0.0.1", port }).pause();
  socket.on("error", () => undefined);
  for (let count = 0; count < 5; count += 1) socket.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  return socket;
}

test("fault 58, fault 59: with a log that nobody reads and scrapers that never take their answers jobs are settled, and a stop ends", async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    ...site.daemonEnv("work"),
    ...SHORT_LEASE,
    LADDERD_HTTP_PORT: `${port}`,
    LADDERD_CONCURRENCY: "4",
    LADDERD_LOG_LEVEL: "debug",
  };
  const child = spawn(process.execPath, [MAIN, "start"], { env: childEnvironment(env), stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "close");
  const ended = once(child, "exit");
  const clients: Socket[] = [];
  try {
    await until("the daemon is ready", async () => ((await fetch(`${url}/readyz`).catch(() => undefined))?.ok ? true : undefined));
    clients.push(...Array.from({ length: 10 }, () => slowClient(port)));
    for (let index = 0; index < NOISY_JOBS; index += 1)
      await send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: `${LONG_KEY}${index}.mp4` } });
    await send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: "clip.mp4" }, assetPath: "under-pressure" });
    await publishedAt(site, "under-pressure");
    await until("the others are rejected", async () => ((await settledCount(url, "rejected")) === NOISY_JOBS ? true : undefined), 60_000);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^ladderd_lease_lost_total 0$/m);
    child.kill("SIGTERM");
    await until("it drains", async () => ((await fetch(`${url}/readyz`)).status === 503 ? true : undefined));
    // The second one does not wait for the open receives.
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  } finally {
    for (const client of clients) client.destroy();
    child.kill("SIGKILL");
    child.stdout.destroy();
    child.stderr.destroy();
    await exited;
  }
});
