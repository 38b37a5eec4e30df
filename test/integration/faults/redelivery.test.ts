import { afterAll, beforeAll, expect, test } from "vitest";
import { makeClip } from "../../support/clips.ts";
import { logged, startDaemon } from "../../support/daemon.ts";
import { metricsOf, settledCount } from "../../support/metrics.ts";
import { keysOf, publishedAt } from "../../support/published.ts";
import { makeQueue, send, untilEmpty } from "../../support/queue.ts";
import type { Site } from "../../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../../support/site.ts";
import { until } from "../../support/until.ts";

const DUPLICATES = 100;
const JOBS = 20;
let site: Site;

beforeAll(async () => {
  site = await openSite("redelivery");
  await makeClip(site.path("clip.mp4"), { size: "320x180", seconds: 2 });
  await uploadFile(site, site.path("clip.mp4"), { bucket: QUIET_BUCKET, key: "redelivery.mp4" });
});
afterAll(() => site[Symbol.asyncDispose]());

/** Requests to S3 by operation, retries included. */
async function requestsOf(daemonUrl: string): Promise<ReadonlyMap<string, number>> {
  const samples = [...(await metricsOf(daemonUrl))].flatMap(([series, value]) => {
    const [, operation] = /^ladderd_aws_requests_total\{service="s3",operation="(\w+)",result="ok"\}$/.exec(series) ?? [];
    return operation === undefined ? [] : [[operation, value] as const];
  });
  return new Map(samples);
}

const encodesOf = async (daemonUrl: string): Promise<number | undefined> =>
  (await metricsOf(daemonUrl)).get('ladderd_ffmpeg_exits_total{class="ok"}');

/** What S3 sends of an upload, the same each time it sends it. */
const EVENT = {
  eventVersion: "2.1",
  eventSource: "aws:s3",
  eventTime: new Date().toISOString(),
  eventName: "ObjectCreated:Put",
  s3: { bucket: { name: QUIET_BUCKET }, object: { key: "redelivery.mp4", size: 1 } },
};
/** Asks for the same by a message of its own each time. */
const JOB = { ladderd: 1, source: { bucket: QUIET_BUCKET, key: "redelivery.mp4" }, assetPath: "redelivery" };

test("R-P7, R-Q15: a hundred duplicates of a published source cost a HEAD and three reads each, no write and no encode", async () => {
  const queueUrl = await makeQueue(site, "redelivery", 30);
  const env = { ...site.daemonEnv("redelivery"), LADDERD_QUEUE_URL: queueUrl, LADDERD_PER_TITLE: "false", LADDERD_CONCURRENCY: "4" };
  await using daemon = await startDaemon({ env });
  const body = { Records: [EVENT] };
  await send(site, body, queueUrl);
  const { revision } = await publishedAt(site, "redelivery");
  await until("it is settled", async () => ((await settledCount(daemon.url, "published")) === 1 ? true : undefined), 60_000);
  const [requests, encodes, keys] = [await requestsOf(daemon.url), await encodesOf(daemon.url), await keysOf(site, "")];
  for (let index = 0; index < DUPLICATES; index += 1) await send(site, body, queueUrl);
  await untilEmpty(site, queueUrl);
  await until("all are settled", async () => ((await settledCount(daemon.url, "duplicate")) === DUPLICATES ? true : undefined), 60_000);
  const after = await requestsOf(daemon.url);
  const spent = [...after].map(([operation, count]) => [operation, count - (requests.get(operation) ?? 0)] as const);
  expect(Object.fromEntries(spent.filter(([, count]) => count > 0))).toEqual({ HeadObject: DUPLICATES, GetObject: 3 * DUPLICATES });
  expect(await encodesOf(daemon.url)).toBe(encodes);
  expect(await keysOf(site, "")).toEqual(keys);
  for (let index = 0; index < JOBS; index += 1) await send(site, JOB, queueUrl);
  await untilEmpty(site, queueUrl);
  const all = DUPLICATES + JOBS;
  await until("the jobs are settled", async () => ((await settledCount(daemon.url, "duplicate")) === all ? true : undefined), 60_000);
  // Each is a later wish, whose time is kept; side by side they do not put each other off.
  expect(((await requestsOf(daemon.url)).get("PutObject") ?? 0) - (requests.get("PutObject") ?? 0)).toBeLessThanOrEqual(JOBS);
  expect(logged(daemon, { msg: "message settled", outcome: "failed" })).toEqual([]);
  expect(await encodesOf(daemon.url)).toBe(encodes);
  expect((await publishedAt(site, "redelivery")).revision).toBe(revision);
});
