import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { FakeMediaConvert } from "../../../src/cli/dev/engines/mediaconvert/service.ts";
import { noFaults } from "../../../src/cli/dev/engines/switches.ts";
import { makeClip } from "../../support/clips.ts";
import { closeCleanly } from "../../support/close-cleanly.ts";
import { crawlHls } from "../../support/crawl.ts";
import type { Daemon } from "../../support/daemon.ts";
import { logged, startDaemon } from "../../support/daemon.ts";
import { TEST_BUCKETS } from "../../support/embedded-aws.ts";
import { startTestMediaConvert } from "../../support/fake-mediaconvert.ts";
import { metricsOf } from "../../support/metrics.ts";
import type { Asset } from "../../support/published.ts";
import { failuresOf, keysOf, publishedAt, textOf } from "../../support/published.ts";
import { makeQueue, send, untilEmpty } from "../../support/queue.ts";
import type { Site } from "../../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../../support/site.ts";
import { until } from "../../support/until.ts";

/** A job above it is given up; tests make jobs older than that. */
const MAXIMUM_AGE_SECONDS = 3600;
let site: Site;
let service: FakeMediaConvert;
let daemon: Daemon;

beforeAll(async () => {
  site = await openSite("managed-faults");
  const eventsQueueUrl = await makeQueue(site, "engine-events", 30);
  service = await startTestMediaConvert(site.aws, { eventsQueueUrl, fast: true });
  await uploadFile(site, await makeClip(site.path("clip.mp4"), { seconds: 2, size: "320x180" }), { bucket: QUIET_BUCKET, key: "clip.mp4" });
  daemon = await startDaemon({
    env: {
      ...site.daemonEnv("work"),
      AWS_ENDPOINT_URL_MEDIACONVERT: service.url,
      LADDERD_EVENTS_QUEUE_URL: eventsQueueUrl,
      LADDERD_ENGINES: "mediaconvert,ffmpeg",
      LADDERD_PER_TITLE: "false",
      LADDERD_MEDIACONVERT_ROLE: "arn:aws:iam::111122223333:role/MediaConvert",
      LADDERD_CIRCUIT_OPEN_SECONDS: "1",
      LADDERD_REMOTE_SWEEP_EVERY_SECONDS: "1",
      LADDERD_REMOTE_POLL_AFTER_SECONDS: "1",
      LADDERD_REMOTE_MAXIMUM_AGE_SECONDS: `${MAXIMUM_AGE_SECONDS}`,
    },
  });
}, 180_000);
beforeEach(() => {
  Object.assign(service.switches, noFaults());
});
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await closeCleanly(site, daemon);
});

const order = (assetPath: string, changes: object = {}): Promise<string> =>
  send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: "clip.mp4" }, assetPath, ...changes });
const createCalls = (): number => service.calls().filter((operation) => operation === "CreateJob").length;
const recordKeys = (): Promise<readonly string[]> => keysOf(site, "jobs/remote/", TEST_BUCKETS.state);
const untilSettled = () =>
  until("no record of a remote job is left", async () => ((await recordKeys()).length === 0 ? true : undefined), 60_000);

/** Plays in the end what one attempt published, and nothing else is left: no other revision, no record, no message. */
async function publishedOnce(assetPath: string): Promise<Asset> {
  await publishedAt(site, assetPath);
  await untilSettled();
  await untilEmpty(site);
  await crawlHls(`${site.origin.url}/${assetPath}/index.m3u8`);
  const asset = await publishedAt(site, assetPath);
  expect(asset.previous).toBeUndefined();
  const keys = await keysOf(site, `${assetPath}/r/`);
  expect(keys.filter((key) => !key.startsWith(`${assetPath}/r/${asset.revision}/`))).toStrictEqual([]);
  expect(keys.filter((key) => /\/index_[^/]*\.cmf[va]$/.test(key))).toStrictEqual([]);
  return asset;
}

/** As if the one remote job that is not settled had been submitted so long ago. */
async function age(seconds: number): Promise<void> {
  const [Key = ""] = await recordKeys();
  const record: unknown = JSON.parse((await textOf(site, Key, TEST_BUCKETS.state)) ?? "");
  const submittedAt = new Date(Date.now() - seconds * 1000).toISOString();
  const Body = JSON.stringify({ ...z.looseObject({}).parse(record), submittedAt });
  await site.s3.send(new PutObjectCommand({ Bucket: TEST_BUCKETS.state, Key, Body }));
}

const circuit = async (state: string): Promise<number | undefined> =>
  (await metricsOf(daemon.url)).get(`ladderd_engine_circuit{engine="mediaconvert",state="${state}"}`);

describe("a service that throttles", () => {
  test("fault 54: is asked again, slower, and does the job all the same", async () => {
    const calls = createCalls();
    service.switches.refuse = { error: "TooManyRequestsException", operation: "CreateJob", times: 2 };
    await order("throttled");
    expect(await publishedOnce("throttled")).toMatchObject({ engine: "mediaconvert" });
    expect(createCalls() - calls).toBe(3);
  });

  test("fault 54: for longer is left alone, the next engine does the job, and one job finds out when it is back", async () => {
    const jobs = service.jobs().length;
    service.switches.refuse = { error: "TooManyRequestsException", operation: "CreateJob" };
    await order("throttled-long");
    expect(await publishedOnce("throttled-long")).toMatchObject({ engine: "ffmpeg" });
    expect(await circuit("open")).toBe(1);
    expect(service.jobs()).toHaveLength(jobs);
    service.switches.refuse = undefined;
    await order("throttled-no-more");
    expect(await publishedOnce("throttled-no-more")).toMatchObject({ engine: "mediaconvert" });
    expect(await circuit("closed")).toBe(1);
  });

  test("when it is asked how jobs stand keeps them, and is asked again", async () => {
    service.switches.events = { lose: "all" };
    service.switches.refuse = { error: "TooManyRequestsException", operation: "GetJob", times: 4 };
    await order("throttled-reads");
    expect(await publishedOnce("throttled-reads")).toMatchObject({ engine: "mediaconvert" });
    expect(service.switches.refuse).toBeUndefined();
  });
});

describe("events", () => {
  test("fault 55: of which the last is lost leave the end to a poll", async () => {
    service.switches.events = { lose: ["COMPLETE"] };
    await order("events-lost");
    expect(await publishedOnce("events-lost")).toMatchObject({ engine: "mediaconvert" });
  });

  test.each([
    ["that come twice", "doubled", { double: true }],
    ["that come from the last to the first", "reordered", { reorder: true }],
    ["that come late, after a poll has told the end", "late", { delayMs: 4000 }],
  ] as const)("%s lead to one remote job and one publish", async (_, name, events) => {
    const jobs = service.jobs().length;
    service.switches.events = events;
    await order(`events-${name}`);
    expect(await publishedOnce(`events-${name}`)).toMatchObject({ engine: "mediaconvert" });
    expect(service.jobs()).toHaveLength(jobs + 1);
  });
});

describe("a remote job", () => {
  test("that stalls holds no message, and is published when it goes on", async () => {
    service.switches.stall = "progressing";
    await order("stalled");
    await until("it is submitted", async () => ((await recordKeys()).length === 1 ? true : undefined));
    await untilEmpty(site);
    service.switches.stall = undefined;
    expect(await publishedOnce("stalled")).toMatchObject({ engine: "mediaconvert" });
  });

  test("fault 56: that is too old is done by the next engine, and what comes of it after its cancel changes nothing", async () => {
    Object.assign(service.switches, { stall: "progressing", ignoreCancel: true });
    await order("aged");
    await until("it is submitted", async () => ((await recordKeys()).length === 1 ? true : undefined));
    await age(2 * MAXIMUM_AGE_SECONDS);
    const local = await publishedAt(site, "aged");
    expect(local.engine).toBe("ffmpeg");
    await until("its cancel was asked for", () => (service.calls().includes("CancelJob") ? true : undefined));
    expect(await recordKeys()).toHaveLength(1);
    service.switches.stall = undefined;
    await until("it ends all the same", () => (service.jobs().at(-1)?.status === "COMPLETE" ? true : undefined));
    expect((await publishedOnce("aged")).revision).toBe(local.revision);
  });

  test.each([
    ["says that all went well", { kind: "half-then-complete" }],
    ["fails", { kind: "half-then-error", code: 1999, message: "Unknown." }],
    ["fails before it wrote anything", { kind: "error", code: 1432, message: "The role cannot be assumed." }],
  ] as const)("that writes half of its outputs and %s is done by the next engine, without anything of it", async (name, ending) => {
    service.switches.ending = ending;
    const assetPath = `half-${name.replaceAll(" ", "-")}`;
    await order(assetPath);
    expect(await publishedOnce(assetPath)).toMatchObject({ engine: "ffmpeg" });
    expect(await failuresOf(site)).toStrictEqual([]);
  });
});

// The last: its message is in the queue for minutes.
test("fault 54: a service that throttles has the message of a job that no other engine may do given back, and nothing counts against it", async () => {
  const jobs = service.jobs().length;
  service.switches.refuse = { error: "TooManyRequestsException", operation: "CreateJob" };
  const messageId = await order("throttled-only", { engine: "mediaconvert" });
  const wanted = { msg: "message settled", code: "engine_unavailable", messageId };
  const settled = await until("the message is given back", () => logged(daemon, wanted)[0], 60_000);
  expect(settled["delaySeconds"]).toBeGreaterThanOrEqual(30);
  expect(await failuresOf(site)).toStrictEqual([]);
  expect(service.jobs()).toHaveLength(jobs);
});
