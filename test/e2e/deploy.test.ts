import { appendFileSync } from "node:fs";
import { mkdir, readFile, readdir, readlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { buildInto } from "../support/build.ts";
import { makeClip } from "../support/clips.ts";
import { closeCleanly, namesIn } from "../support/close-cleanly.ts";
import type { Agent, Deployment, HookRun } from "../support/codedeploy.ts";
import { startAgent } from "../support/codedeploy.ts";
import { mustRun } from "../support/command.ts";
import { TEST_BUCKETS } from "../support/embedded-aws.ts";
import { processesNaming, processesTouching, signalIfThere } from "../support/processes.ts";
import { assetAt, keysOf, publishedAt } from "../support/published.ts";
import { countOf, untilEmpty } from "../support/queue.ts";
import { makeRevision } from "../support/revision.ts";
import type { Site } from "../support/site.ts";
import { openSite, uploadFile } from "../support/site.ts";
import { requireTool } from "../support/tool.ts";
import { withoutUser } from "../support/logrotate.ts";
import { until } from "../support/until.ts";

const BUILDS = { first: "1.0.0+first", second: "2.0.0+second", broken: "3.0.0+broken" } as const;

let site: Site;
let agent: Agent;
let url: string;
let revisions: Readonly<Record<keyof typeof BUILDS, string>>;

beforeAll(async () => {
  site = await openSite("deploy");
  const dist = join(await buildInto(site.path("build")), "..");
  const revision = (name: keyof typeof BUILDS, change?: (own: string) => void): string =>
    makeRevision(site.path("revisions", name), dist, { build: BUILDS[name], ...(change ? { change } : {}) });
  await mkdir(site.path("revisions"));
  revisions = {
    first: revision("first"),
    second: revision("second"),
    // It transcodes, so that it is installed, and cannot serve.
    broken: revision("broken", (own) => appendFileSync(join(own, "worker.js"), '\nthrow new Error("broken");\n')),
  };
  await makeClip(site.path("short.mp4"), { size: "1280x720", seconds: 8 });
  await makeClip(site.path("long.mp4"), { size: "1280x720", seconds: 16 });
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  await configure({ port });
  const env = { PATH: process.env["PATH"] ?? "", LADDERD_ROOT: inside(), SECRET_OF_THE_AGENT: "1" };
  agent = startAgent({ root: inside(), home: site.path("agent"), env });
});

afterAll(async () => {
  // The second signal ends the open poll, which the first one waits for.
  const workers = await processesNaming(inside("opt/ladderd/releases"));
  for (const signal of ["SIGINT", "SIGINT"] as const) for (const { pid } of workers) signalIfThere(pid, signal);
  await agent.again("teardown", "ApplicationStop");
  await closeCleanly(site);
});

const inside = (...names: readonly string[]): string => site.path("instance", ...names);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

/** Writes the environment file as an instance's user data does. */
async function configure({ port, drainSeconds = 600 }: { port: number; drainSeconds?: number }): Promise<void> {
  const { LADDERD_WORK_DIR: _, ...settings } = site.daemonEnv("unused");
  const lines = Object.entries({ ...settings, LADDERD_HTTP_PORT: port, LADDERD_DRAIN_SECONDS: drainSeconds });
  await mkdir(inside("etc/ladderd"), { recursive: true });
  const text = ["# Settings of the worker.", "", ...lines.map(([name, value], index) => `${name}=${index % 2 ? `"${value}"` : value}`)];
  await writeFile(inside("etc/ladderd/ladderd.env"), `${text.join("\n")}\n`);
}

const readiness = z.strictObject({ status: z.string(), reasons: z.array(z.string()), build: z.string() });
/** The build that takes jobs now. */
const serving = async (): Promise<string | undefined> => {
  const answer = await fetch(`${url}/readyz`).catch(() => undefined);
  return answer?.ok ? readiness.parse(await answer.json()).build : undefined;
};
const workersOf = (id: string) => processesNaming(`${inside("opt/ladderd/releases", id)}/`);
const current = (): Promise<string> => readlink(inside("opt/ladderd/current"));
const said = (hooks: readonly HookRun[]): string =>
  hooks.map(({ event, exitCode, output }) => `${event} ${exitCode}: ${output}`).join("\n");
const expectWell = ({ failedAt, hooks }: Deployment): void => expect(failedAt === undefined ? "" : said(hooks)).toBe("");
const stopScripts = ({ hooks }: Deployment): readonly string[] =>
  hooks.filter(({ event }) => event === "ApplicationStop").map(({ script }) => script.slice(site.path("agent/").length));

/** A job in the middle of its encode. */
async function startJob(key: string, clip: "short" | "long" = "short"): Promise<void> {
  await uploadFile(site, site.path(`${clip}.mp4`), { key: `${key}.mp4` });
  await until(
    "the encode runs",
    async () => {
      const programs = await processesNaming(inside("var/lib/ladderd/work"));
      return programs.some(({ commandLine }) => commandLine.includes("libx264")) ? true : undefined;
    },
    90_000,
  );
}

it("a first deploy starts the worker through PM2, proves it by a canary and leaves nothing of that", { timeout: 240_000 }, async () => {
  const deployment = await agent.deploy("d-1", revisions.first);
  expectWell(deployment);
  expect(stopScripts(deployment)).toEqual([]);
  expect(await serving()).toBe(BUILDS.first);
  expect(await current()).toBe("releases/d-1");
  expect(await readdir(inside("opt/ladderd"))).toEqual(["current", "releases"]);
  expect(said(deployment.hooks)).toMatch(/canary of 1\.0\.0\+first: published, \d+ objects fetched back/);
  for (const bucket of [TEST_BUCKETS.uploads, TEST_BUCKETS.publish]) expect(await keysOf(site, "ladderd-canary/", bucket)).toEqual([]);
  const [worker] = await workersOf("d-1");
  expect(await readFile(`/proc/${worker?.pid ?? 0}/environ`, "utf8")).not.toMatch(/SECRET_OF_THE_AGENT|LADDERD_ROOT|DEPLOYMENT_ID/);
});

it("every hook run a second time changes nothing", { timeout: 240_000 }, async () => {
  const before = await workersOf("d-1");
  expect(before).toHaveLength(1);
  for (const event of ["BeforeInstall", "AfterInstall", "ApplicationStart", "ValidateService"] as const) {
    const runs = await agent.again("d-1", event);
    expect(runs.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
    expect(runs).toHaveLength(1);
  }
  expect(await workersOf("d-1")).toEqual(before);
  expect(await current()).toBe("releases/d-1");
});

it("an upgrade lets a running job finish and has the stop script of the revision before", { timeout: 240_000 }, async () => {
  await startJob("finished");
  await configure({ port: Number(new URL(url).port), drainSeconds: 1 });
  const deployment = await agent.deploy("d-2", revisions.second);
  expectWell(deployment);
  expect(stopScripts(deployment)).toEqual(["d-1/deployment-archive/deploy/codedeploy/application-stop.sh"]);
  expect(await serving()).toBe(BUILDS.second);
  expect(await current()).toBe("releases/d-2");
  expect((await assetAt(site, "finished"))?.durationSeconds).toBe(8);
  expect(await workersOf("d-1")).toEqual([]);
  await untilEmpty(site);
});

it(
  "a broken build fails its validation; the one before comes back, and does the job that its stop gave back",
  { timeout: 240_000 },
  async () => {
    // Longer than its second of drain.
    await startJob("released", "long");
    const failed = await agent.deploy("d-3", revisions.broken, { READY_SECONDS: "5" });
    expect([failed.failedAt, said(failed.hooks)]).toEqual(["ValidateService", expect.stringMatching(/is not ready[^]*Error: broken/)]);
    expect(await assetAt(site, "released")).toBeUndefined();
    // Rolling back is deploying the last good revision once more; the stop script is the one of what was installed last.
    const rollback = await agent.deploy("d-4", revisions.second);
    expectWell(rollback);
    expect(stopScripts(rollback)).toEqual(["d-3/deployment-archive/deploy/codedeploy/application-stop.sh"]);
    expect(await serving()).toBe(BUILDS.second);
    expect(await workersOf("d-3")).toEqual([]);
    expect((await publishedAt(site, "released")).durationSeconds).toBe(16);
    await untilEmpty(site);
    expect(await countOf(site, site.aws.deadLetterQueueUrl)).toEqual({ visible: 0, hidden: 0 });
    expect(await namesIn(inside("opt/ladderd/releases"))).toHaveLength(3);
  },
);

it("rotated logs go on in the same files, each line JSON", { timeout: 120_000 }, async () => {
  const log = inside("var/log/ladderd/ladderd-out.log");
  const rules = await readFile(inside("etc/logrotate.d/ladderd"), "utf8");
  const own = withoutUser(rules).replaceAll(/(?<=^|[\s(])\/var\//gm, `${inside("var")}/`);
  await writeFile(site.path("logrotate.conf"), own, { mode: 0o644 });
  const before = await readFile(log, "utf8");
  await mustRun(requireTool("logrotate"), ["--force", "--state", site.path("logrotate.state"), site.path("logrotate.conf")]);
  expect(await readFile(`${log}.1`, "utf8")).toBe(before);
  await uploadFile(site, site.path("short.mp4"), { key: "a.txt" });
  const after = await until("the worker writes on", async () => (await readFile(log, "utf8")) || undefined);
  for (const line of `${before}${after}`.trimEnd().split("\n")) expect(JSON.parse(line)).toHaveProperty("level");
});

it("a stop leaves nothing that runs, and a second one has nothing to do", { timeout: 120_000 }, async () => {
  await startJob("last");
  for (const run of ["once", "twice"])
    expect([run, said(await agent.again("d-5", "ApplicationStop"))]).toEqual([run, "ApplicationStop 0: ladderd: stopped\n"]);
  expect(await processesTouching(inside())).toEqual([]);
});
