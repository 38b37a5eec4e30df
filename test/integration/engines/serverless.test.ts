import type { Message } from "@aws-sdk/client-sqs";
import { DeleteMessageCommand, PurgeQueueCommand } from "@aws-sdk/client-sqs";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { noFaults } from "../../../src/cli/dev/engines/switches.ts";
import type { FakeMediaConvert } from "../../../src/cli/dev/engines/mediaconvert/service.ts";
import { loadConfig, requireDaemonSettings } from "../../../src/config/load.ts";
import type { BatchAnswer } from "../../../src/queue/batch.ts";
import type { Serverless } from "../../../src/serverless.ts";
import { openServerless } from "../../../src/serverless.ts";
import { mustRun } from "../../support/command.ts";
import { makeClip } from "../../support/clips.ts";
import { crawlHls } from "../../support/crawl.ts";
import { TEST_BUCKETS } from "../../support/embedded-aws.ts";
import { startTestMediaConvert } from "../../support/fake-mediaconvert.ts";
import { aFunctionContext, lambdaEvent, receiveBatch } from "../../support/lambda-event.ts";
import { assetAt, failuresOf, keysOf, publishedAt } from "../../support/published.ts";
import { countOf, makeQueue, send } from "../../support/queue.ts";
import type { Site } from "../../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../../support/site.ts";
import { until } from "../../support/until.ts";
import { aRecord, s3Message, snsMessage } from "../../unit/queue/messages.ts";

let site: Site;
let service: FakeMediaConvert;
let eventsQueueUrl: string;
let serverless: Serverless;
const env = (): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  ...site.daemonEnv("work"),
  NODE_ENV: "test",
  AWS_ENDPOINT_URL_MEDIACONVERT: service.url,
  LADDERD_EVENTS_QUEUE_URL: eventsQueueUrl,
  LADDERD_ENGINES: "mediaconvert,ffmpeg",
  LADDERD_MEDIACONVERT_ROLE: "arn:aws:iam::111122223333:role/MediaConvert",
  LADDERD_REMOTE_POLL_AFTER_SECONDS: "1",
});

beforeAll(async () => {
  site = await openSite("serverless");
  eventsQueueUrl = await makeQueue(site, "engine-events", 30);
  service = await startTestMediaConvert(site.aws, { eventsQueueUrl, fast: true });
  for (const [name, value] of Object.entries(env())) vi.stubEnv(name, value);
  serverless = await openServerless(requireDaemonSettings(loadConfig({ env: env() })), pino({ level: "silent" }));
}, 180_000);
afterAll(async () => {
  await serverless?.[Symbol.asyncDispose]();
  await service?.[Symbol.asyncDispose]();
  await site?.[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

/** Hands over what a queue has, and deletes what an event source mapping would. */
async function invoke(
  queueUrl: string,
  remainingMs?: number,
): Promise<{ readonly messages: readonly Message[]; readonly answer: BatchAnswer }> {
  const messages = await until("there are messages", async () => {
    const received = await receiveBatch(site, queueUrl);
    return received.length > 0 ? received : undefined;
  });
  const answer = await serverless.handle(lambdaEvent(queueUrl, messages), aFunctionContext(remainingMs));
  const kept = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  for (const { MessageId = "", ReceiptHandle } of messages)
    if (!kept.has(MessageId)) await site.sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
  return { messages, answer };
}

const NOTHING_FAILED = { batchItemFailures: [] };
const remoteRecords = () => keysOf(site, "jobs/remote/", TEST_BUCKETS.state);

/** Takes events until no remote job is left. */
async function takeEvents(): Promise<void> {
  while ((await remoteRecords()).length > 0) expect((await invoke(eventsQueueUrl)).answer).toStrictEqual(NOTHING_FAILED);
}

describe("a function on the queues", () => {
  test("submits an upload, publishes on the event, and does nothing for what comes twice", async () => {
    await uploadFile(site, await makeClip(site.path("one.mp4"), { seconds: 4 }), { key: "films/one.mp4" });
    const { messages, answer } = await invoke(site.aws.queueUrl);
    expect(answer).toStrictEqual(NOTHING_FAILED);
    expect(service.jobs()).toHaveLength(1);
    const again = await serverless.handle(lambdaEvent(site.aws.queueUrl, messages), aFunctionContext());
    expect(again).toStrictEqual(NOTHING_FAILED);
    expect(service.jobs()).toHaveLength(1);
    await takeEvents();
    expect(await publishedAt(site, "films/one")).toMatchObject({ engine: "mediaconvert", durationSeconds: 4 });
    await crawlHls(`${site.origin.url}/films/one/index.m3u8`);
  }, 180_000);

  test("names only the message that has to come again", async () => {
    await uploadFile(site, site.path("one.mp4"), { bucket: QUIET_BUCKET, key: "clip.mp4" });
    const source = { bucket: QUIET_BUCKET, key: "clip.mp4" };
    const jobs = service.jobs().length;
    const bodies = [
      { ladderd: 1, source, assetPath: "of/the-service" },
      { ladderd: 1, source, assetPath: "of/ffmpeg", engine: "ffmpeg" },
      "{",
    ];
    for (const body of bodies) await send(site, body);
    const failed: Message[] = [];
    for (let seen = 0; seen < bodies.length;) {
      const { messages, answer } = await invoke(site.aws.queueUrl);
      seen += messages.length;
      const names = answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
      failed.push(...messages.filter(({ MessageId = "" }) => names.includes(MessageId)));
    }
    // A worker with ffmpeg takes it.
    expect(failed.map(({ Body }) => Body)).toStrictEqual([expect.stringContaining("of/ffmpeg")]);
    expect(service.jobs()).toHaveLength(jobs + 1);
    expect(await failuresOf(site)).toMatchObject([{ code: "job_malformed" }]);
    await until("the copy is in the dead-letter queue", async () =>
      (await countOf(site, site.aws.deadLetterQueueUrl)).visible === 1 ? true : undefined,
    );
    await site.sqs.send(new PurgeQueueCommand({ QueueUrl: site.aws.queueUrl }));
    await takeEvents();
    expect(await publishedAt(site, "of/the-service")).toMatchObject({ engine: "mediaconvert" });
  }, 180_000);

  test("takes an upload that SNS tells of, whose index is behind the media", async () => {
    const { faststart, late } = { faststart: site.path("one.mp4"), late: site.path("late.mp4") };
    await mustRun("ffmpeg", ["-v", "error", "-y", "-i", faststart, "-c", "copy", late]);
    await uploadFile(site, late, { bucket: QUIET_BUCKET, key: "late.mp4" });
    const record = aRecord({ key: "late.mp4", eTag: "e1" }, { awsRegion: "us-east-1" });
    const upload = { ...record, s3: { ...record.s3, bucket: { name: QUIET_BUCKET } } };
    await send(site, snsMessage(s3Message(upload)));
    expect((await invoke(site.aws.queueUrl)).answer).toStrictEqual(NOTHING_FAILED);
    await takeEvents();
    expect(await publishedAt(site, "late")).toMatchObject({ engine: "mediaconvert", durationSeconds: 4 });
  }, 180_000);

  test("begins nothing when its time is nearly over, and loses nothing", async () => {
    await send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: "clip.mp4" }, assetPath: "of/later" });
    const jobs = service.jobs().length;
    const { messages, answer } = await invoke(site.aws.queueUrl, 5000);
    expect(answer).toStrictEqual({ batchItemFailures: messages.map(({ MessageId: itemIdentifier }) => ({ itemIdentifier })) });
    expect(service.jobs()).toHaveLength(jobs);
    expect((await invoke(site.aws.queueUrl)).answer).toStrictEqual(NOTHING_FAILED);
    await takeEvents();
    expect(await publishedAt(site, "of/later")).toMatchObject({ engine: "mediaconvert" });
  }, 180_000);

  test("sweeps when a schedule tells it to: what a lost event would have told is found out", async () => {
    service.switches.events = { lose: "all" };
    await send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: "clip.mp4" }, assetPath: "of/lost" });
    expect((await invoke(site.aws.queueUrl)).answer).toStrictEqual(NOTHING_FAILED);
    const schedule = { version: "0", "detail-type": "Scheduled Event", source: "aws.events", time: "2026-11-23T04:00:00Z", detail: {} };
    await until("the sweep has published", async () => {
      expect(await serverless.handle(schedule, aFunctionContext())).toStrictEqual(NOTHING_FAILED);
      return assetAt(site, "of/lost");
    });
    Object.assign(service.switches, noFaults());
  }, 180_000);

  test("lets notifications go that are of nobody's job, and refuses what is no batch", async () => {
    const notification = { state: "COMPLETED", version: "2012-09-25", jobId: "1111111111111-abcdef", pipelineId: "2222222222222-ghijkl" };
    const inSns = snsMessage(
      JSON.stringify({ ...notification, input: { key: "a.mp4" }, outputKeyPrefix: "x/", outputs: [], playlists: [] }),
    );
    for (const queueUrl of [eventsQueueUrl, site.aws.queueUrl]) {
      await send(site, inSns, queueUrl);
      expect((await invoke(queueUrl)).answer).toStrictEqual(NOTHING_FAILED);
    }
    await expect(serverless.handle({ Records: [{ eventSource: "aws:s3" }] }, aFunctionContext())).rejects.toThrow("Scheduled Event");
  }, 60_000);
});
