import { join } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Daemon } from "../../support/daemon.ts";
import { logged, startDaemon } from "../../support/daemon.ts";
import { metricsOf } from "../../support/metrics.ts";
import { countOf, makeQueue, send } from "../../support/queue.ts";
import type { Site } from "../../support/site.ts";
import { openSite, QUIET_BUCKET } from "../../support/site.ts";
import { mayMount, mountSmallDisk } from "../../support/small-disk.ts";
import { until } from "../../support/until.ts";

const MIB = 1024 * 1024;
const isPermitted = await mayMount();
let site: Site;

beforeAll(async () => {
  site = await openSite("faults");
});
afterAll(() => site[Symbol.asyncDispose]());

const start = (env: Readonly<Record<string, string>>): Promise<Daemon> => startDaemon({ env: { ...site.daemonEnv("work"), ...env } });

describe("the daemon does not start", () => {
  test.skipIf(!isPermitted).each([
    ["read-only", { sizeBytes: MIB, isReadOnly: true }, "cannot be written"],
    ["too small", { sizeBytes: 4 * MIB }, "disk.minimumFreeBytes"],
    ["without inodes", { sizeBytes: 4 * MIB, inodes: 2 }, "cannot be written"],
  ])("bad input 74: on a work folder that is %s", async (_what, disk, problem) => {
    await using mounted = await mountSmallDisk(disk);
    const started = start({ LADDERD_WORK_DIR: join(mounted.path, "work") });
    await expect(started).rejects.toThrow(/ended with 78/);
    await expect(started).rejects.toThrow(problem);
  });
});

test("fault 41: a bucket that denies every job pauses the intake after five, and leaves the others in the queue", async () => {
  const queueUrl = await makeQueue(site, "denied", 30);
  for (let index = 0; index < 7; index += 1) {
    await site.s3.send(new PutObjectCommand({ Bucket: QUIET_BUCKET, Key: `${index}.mp4`, Body: "x" }));
    await send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: `${index}.mp4` } }, queueUrl);
  }
  await using daemon = await start({ LADDERD_QUEUE_URL: queueUrl, LADDERD_PUBLISH_BUCKET: "not-ours" });
  await until(
    "the intake pauses",
    () => logged(daemon, { msg: "every job fails of this: the intake pauses, one message a minute is tried" })[0],
  );
  expect((await metricsOf(daemon.url)).get('ladderd_intake_held{code="destination_denied"}')).toBe(1);
  await until("it says that it receives no more", () => logged(daemon, { msg: "receiving paused" })[0]);
  expect(logged(daemon, { msg: "message settled", code: "destination_denied" })).toHaveLength(5);
  expect((await countOf(site, queueUrl)).visible).toBe(2);
});
