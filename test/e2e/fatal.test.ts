import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { makeClip } from "../support/clips.ts";
import { closeCleanly, namesIn } from "../support/close-cleanly.ts";
import { logged, startDaemon } from "../support/daemon.ts";
import { processesTouching } from "../support/processes.ts";
import { keysOf } from "../support/published.ts";
import { makeQueue, receive, send } from "../support/queue.ts";
import type { Site } from "../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../support/site.ts";
import { until } from "../support/until.ts";

let site: Site;

beforeAll(async () => {
  site = await openSite("fatal");
  await makeClip(site.path("film.mp4"), { size: "1280x720", seconds: 20 });
  await uploadFile(site, site.path("film.mp4"), { bucket: QUIET_BUCKET, key: "film.mp4" });
});
afterAll(() => closeCleanly(site, undefined));

/** A defect on demand: SIGUSR2 makes a promise reject that nobody waits for. */
const DEFECT = `--import=data:text/javascript,${encodeURIComponent('process.on("SIGUSR2", () => { Promise.reject(new Error("a defect")); })')}`;
/** Far longer than the test: a message that comes back was given back. */
const LEASE = { LADDERD_LEASE_VISIBILITY_SECONDS: "600", LADDERD_LEASE_EXTEND_SECONDS: "60" };

const board = z.object({ running: z.array(z.object({ stage: z.string().optional(), fraction: z.number().optional() })) });

test("a defect in the middle of an encode gives the message back and ends the daemon with 1, without a child", async () => {
  const queueUrl = await makeQueue(site, "fatal", 600);
  const env = { ...site.daemonEnv("fatal"), ...LEASE, LADDERD_QUEUE_URL: queueUrl, NODE_OPTIONS: DEFECT };
  await using daemon = await startDaemon({ env });
  await send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: "film.mp4" }, assetPath: "fatal" }, queueUrl);
  await until("the encode gets on", async () => {
    const { running } = board.parse(await (await fetch(`${daemon.url}/api/jobs`)).json());
    return running.some(({ stage, fraction = 0 }) => stage === "encode" && fraction > 0) ? true : undefined;
  });
  daemon.signal("SIGUSR2");
  expect(await daemon.exited).toEqual({ code: 1, signal: null });
  expect(logged(daemon, { msg: "an error nobody caught: releasing messages and exiting" })).toHaveLength(1);
  expect(logged(daemon, { msg: "message settled", outcome: "released" })).toHaveLength(1);
  expect(logged(daemon, { msg: "messages were not all released" })).toEqual([]);
  await expect.poll(() => processesTouching(daemon.workDir), { timeout: 2000 }).toEqual([]);
  // Source and segments stay for the next attempt; nothing points to them.
  expect((await namesIn(daemon.workDir)).filter((name) => !name.startsWith("kept-"))).toEqual([]);
  expect((await keysOf(site, "fatal/")).filter((key) => !key.startsWith("fatal/r/"))).toEqual([]);
  expect((await receive(site, queueUrl, 40_000)).Attributes?.ApproximateReceiveCount).toBe("2");
});
