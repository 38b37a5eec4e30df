import { createServer } from "node:http";
import type { Server } from "node:http";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { PACKAGE_VERSION } from "../../../src/config/version.ts";
import type { CommandEnd } from "../../support/command.ts";
import { command } from "../../support/command.ts";
import { childEnvironment, MAIN } from "../../support/daemon.ts";
import { TEST_BUCKETS } from "../../support/embedded-aws.ts";
import { keysOf } from "../../support/published.ts";
import { countOf, drainQueue } from "../../support/queue.ts";
import type { Site } from "../../support/site.ts";
import { openSite } from "../../support/site.ts";

let site: Site;
const servers: Server[] = [];
beforeAll(async () => {
  site = await openSite("canary");
});
afterAll(() => site[Symbol.asyncDispose]());
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

const READY = { status: "ok", reasons: [], build: PACKAGE_VERSION };

const job = (outcome: string, endedAt = "2020-01-01T00:00:00.000Z") => ({ outcome, sourceKey: "films/a.mp4", endedAt });

/** A worker as /readyz and /api/jobs show it; resolves to its port. It takes no message. */
async function worker(answers: { readyz: object; jobs?: object }): Promise<string> {
  const server = createServer((request, response) => {
    const answer = request.url === "/readyz" ? answers.readyz : answers.jobs;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address ? `${address.port}` : "";
}

const canary = (port: string, ...args: readonly string[]): Promise<CommandEnd> =>
  command(process.execPath, [MAIN, "canary", ...args], {
    env: childEnvironment({ ...site.daemonEnv("work"), LADDERD_HTTP_PORT: port, TMPDIR: site.root }),
  });

describe("a canary", () => {
  it("of a worker of another build fails, says which one answered, and sends nothing", async () => {
    const port = await worker({ readyz: { ...READY, build: "0.0.1+old" } });
    const { exitCode, stderr } = await canary(port, "--ready", "1");
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`it is build 0.0.1+old, not ${PACKAGE_VERSION}`)]);
    expect(await keysOf(site, "", TEST_BUCKETS.uploads)).toEqual([]);
  });

  it("of a worker that drains fails with its reasons", async () => {
    const port = await worker({ readyz: { ...READY, status: "unavailable", reasons: ["draining"] } });
    expect(await canary(port, "--ready", "1")).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("draining") });
  });

  it("without a worker fails within the time it was given", async () => {
    expect(await canary("1", "--ready", "1")).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("is not ready") });
  });

  it("that does not come through fails, and its clip stays for its message", async () => {
    const port = await worker({ readyz: READY, jobs: { running: [], ended: [job("failed")] } });
    const end = await canary(port, "--timeout", "2");
    expect(end).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("has published nothing") });
    expect(await keysOf(site, "ladderd-canary/", TEST_BUCKETS.uploads)).toHaveLength(1);
    expect((await countOf(site)).visible).toBe(1);
    await drainQueue(site, site.aws.queueUrl);
  });

  it.each([
    ["has published jobs", { running: [], ended: [job("published"), job("failed")] }, "has published 1 jobs"],
    ["encodes", { running: [{ stage: "encode", fraction: 0.2 }], ended: [] }, "in the middle of an encode"],
  ])("in a long queue is content with a worker that %s", async (_, jobs, said) => {
    const port = await worker({ readyz: READY, jobs });
    expect(await canary(port, "--timeout", "2")).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(said) });
    await drainQueue(site, site.aws.queueUrl);
  });

  it("in a long queue is content, long before its time is over, with a worker that publishes meanwhile", async () => {
    const port = await worker({ readyz: READY, jobs: { running: [], ended: [job("published", "2999-01-01T00:00:00.000Z")] } });
    const end = await canary(port, "--timeout", "20");
    expect(end).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("has published 1 jobs meanwhile") });
    await drainQueue(site, site.aws.queueUrl);
  });

  it("leaves nothing in the system's temporary folder", async () => {
    expect((await readdir(site.root)).filter((name) => name.startsWith("ladderd-"))).toEqual([]);
  });
});

it("the self-test does the work of a job without AWS and leaves an empty work folder", async () => {
  const env = childEnvironment({ ...site.daemonEnv("self-test"), AWS_ENDPOINT_URL: "http://127.0.0.1:1" });
  const { exitCode, stdout } = await command(process.execPath, [MAIN, "start", "--self-test"], { env });
  expect([exitCode, stdout]).toEqual([0, `self-test of ${PACKAGE_VERSION}: good, v360 v240 a-en\n`]);
  expect(await readdir(site.path("self-test"))).toEqual([]);
});

it("the self-test of a machine whose packager is broken fails", async () => {
  const env = childEnvironment({ ...site.daemonEnv("self-test"), LADDERD_PACKAGER_PATH: "/bin/false" });
  expect(await command(process.execPath, [MAIN, "start", "--self-test"], { env })).toMatchObject({ exitCode: 1 });
  expect(await readdir(site.path("self-test"))).toEqual([]);
});
