import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { buildInto } from "../support/build.ts";
import { makeClip } from "../support/clips.ts";
import { closeCleanly, namesIn } from "../support/close-cleanly.ts";
import type { Pm2 } from "../support/pm2.ts";
import { closePm2, openPm2 } from "../support/pm2.ts";
import { processesNaming, processesTouching } from "../support/processes.ts";
import { assetAt, publishedAt } from "../support/published.ts";
import { countOf, untilEmpty } from "../support/queue.ts";
import type { Site } from "../support/site.ts";
import { openSite, uploadFile } from "../support/site.ts";
import { until } from "../support/until.ts";

let site: Site;
let pm2: Pm2;

beforeAll(async () => {
  site = await openSite("pm2");
  await buildInto(site.path("build"));
  await makeClip(site.path("short.mp4"), { size: "320x180", seconds: 2 });
  await makeClip(site.path("long.mp4"), { size: "1280x720", seconds: 16 });
  // Out of the way of the work folder's name, which tells the daemon's programs from PM2's own.
  pm2 = openPm2(site.path("home"), { cwd: site.path("build"), env: { LADDERD_HTTP_PORT: "0", ...site.daemonEnv("work") } });
});

afterAll(async () => {
  await closePm2(pm2);
  await closeCleanly(site, undefined);
});

const listed = z.array(
  z.looseObject({
    name: z.string(),
    pid: z.int(),
    pm2_env: z.looseObject({ status: z.string(), exec_mode: z.string(), treekill: z.boolean(), kill_timeout: z.number() }),
  }),
);
const status = async () => listed.parse(JSON.parse(await pm2.run("jlist")));
const workDir = (): string => site.path("work");
const daemonUrl = async (): Promise<string | undefined> => {
  const log = await readFile(pm2.logPath, "utf8").catch(() => "");
  return /"http":"([^"]+)"/.exec(log)?.[1];
};

it("the built daemon under PM2 publishes, and a stop in the middle of an encode loses nothing and orphans nothing", async () => {
  await pm2.run("start", "ecosystem.config.js");
  expect(await status()).toMatchObject([
    { name: "ladderd", pm2_env: { status: "online", exec_mode: "fork_mode", treekill: false, kill_timeout: 630_000 } },
  ]);
  const url = await until("the daemon says where it listens", daemonUrl);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);

  await uploadFile(site, site.path("short.mp4"), { key: "short.mp4" });
  expect((await publishedAt(site, "short")).durationSeconds).toBe(2);

  await uploadFile(site, site.path("long.mp4"), { key: "long.mp4" });
  await until("the encode runs", async () => {
    const programs = await processesNaming(workDir());
    return programs.some(({ commandLine }) => commandLine.includes("libx264")) ? true : undefined;
  });
  const [running] = await status();
  expect(running?.pid).toBeGreaterThan(0);
  expect(await assetAt(site, "long")).toBeUndefined();
  await pm2.run("stop", "ladderd");
  expect(await status()).toMatchObject([{ name: "ladderd", pm2_env: { status: "stopped" } }]);
  expect(await processesNaming(workDir())).toEqual([]);
  expect((await processesTouching(workDir())).map((left) => left.pid)).not.toContain(running?.pid);
  expect(await namesIn(workDir())).toEqual([]);
  // The encode fits the drain's budget: it was finished and its message deleted, not given back.
  expect((await assetAt(site, "long"))?.durationSeconds).toBe(16);
  await untilEmpty(site);
  expect(await countOf(site, site.aws.deadLetterQueueUrl)).toEqual({ visible: 0, hidden: 0 });
});

it("PM2 is gone after pm2 kill, with everything it started", async () => {
  await pm2.run("kill");
  await expect.poll(() => processesTouching(site.path("home"))).toEqual([]);
});
