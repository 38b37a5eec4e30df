import { mkdir, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { FakeMediaConvert } from "../../../src/cli/dev/engines/mediaconvert/service.ts";
import { makeClip } from "../../support/clips.ts";
import { mustRun } from "../../support/command.ts";
import { childEnvironment } from "../../support/daemon.ts";
import { TEST_BUCKETS } from "../../support/embedded-aws.ts";
import { startTestMediaConvert } from "../../support/fake-mediaconvert.ts";
import { lambdaEvent, receiveBatch } from "../../support/lambda-event.ts";
import { failuresOf, keysOf, publishedAt } from "../../support/published.ts";
import { drainQueue, makeQueue, send } from "../../support/queue.ts";
import type { Site } from "../../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../../support/site.ts";
import { until } from "../../support/until.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const ROLLDOWN = join(ROOT, "node_modules/rolldown/bin/cli.mjs");
let site: Site;
let service: FakeMediaConvert;
let eventsQueueUrl: string;

beforeAll(async () => {
  site = await openSite("lambda-bundle");
  eventsQueueUrl = await makeQueue(site, "engine-events", 30);
  service = await startTestMediaConvert(site.aws, { eventsQueueUrl, fast: true });
  await mustRun(process.execPath, [ROLLDOWN, "-c", "rolldown.config.ts", "--file", site.path("task/lambda.mjs")], { cwd: ROOT });
  await mkdir(site.path("empty"));
}, 180_000);
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await site?.[Symbol.asyncDispose]();
});

/** What Lambda's runtime does: imports the file, calls the handler, reads what it answers. */
const RUNTIME = `
const [file, event] = process.argv.slice(1);
const { handler } = await import(file);
const answer = await handler(JSON.parse(event), { getRemainingTimeInMillis: () => 600_000 });
process.stdout.write("\\n" + JSON.stringify({ answer }) + "\\n", () => process.exit(0));
`;
const answered = z.object({ answer: z.unknown() });

async function invoke(queueUrl: string): Promise<unknown> {
  const messages = await until("there are messages", async () => {
    const received = await receiveBatch(site, queueUrl);
    return received.length > 0 ? received : undefined;
  });
  const event = JSON.stringify(lambdaEvent(queueUrl, messages));
  const env = childEnvironment({
    ...site.daemonEnv("work"),
    LADDERD_SANDBOX: "auto",
    LADDERD_INTERRUPTIONS: "off",
    AWS_ENDPOINT_URL_MEDIACONVERT: service.url,
    LADDERD_EVENTS_QUEUE_URL: eventsQueueUrl,
    LADDERD_ENGINES: "mediaconvert",
    LADDERD_MEDIACONVERT_ROLE: "arn:aws:iam::111122223333:role/MediaConvert",
    NODE_ENV: "production",
  });
  const args = ["--input-type=module", "-e", RUNTIME, site.path("task/lambda.mjs"), event];
  const stdout = await mustRun(process.execPath, args, { cwd: site.path("empty"), env });
  return answered.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).answer;
}

test("one file, without anything beside it, takes a job to its publish, and rejects what no engine can do", async () => {
  expect((await readdir(site.path("task"))).toSorted()).toStrictEqual(["lambda.mjs", "lambda.mjs.map"]);
  const clip = await makeClip(site.path("clip.mp4"), { seconds: 2, size: "320x180" });
  await uploadFile(site, clip, { key: "films/one.mp4" });
  await uploadFile(site, clip, { bucket: QUIET_BUCKET, key: "clip.mp4" });
  expect(await invoke(site.aws.queueUrl)).toStrictEqual({ batchItemFailures: [] });
  expect(service.jobs()).toHaveLength(1);
  // Progress is told of first.
  while ((await keysOf(site, "jobs/remote/", TEST_BUCKETS.state)).length > 0)
    expect(await invoke(eventsQueueUrl)).toStrictEqual({ batchItemFailures: [] });
  expect(await publishedAt(site, "films/one")).toMatchObject({ engine: "mediaconvert", durationSeconds: 2 });
  await send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: "clip.mp4" }, assetPath: "of/ffmpeg", engine: "ffmpeg" });
  expect(await invoke(site.aws.queueUrl)).toStrictEqual({ batchItemFailures: [] });
  expect(await failuresOf(site)).toMatchObject([{ code: "engine_rejected" }]);
  const [copy] = await drainQueue(site, site.aws.deadLetterQueueUrl);
  expect(copy?.MessageAttributes).toMatchObject({
    code: { StringValue: "engine_rejected" },
    reason: { StringValue: expect.stringContaining("ffmpeg") },
  });
}, 180_000);
