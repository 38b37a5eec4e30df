import { join } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fakeProgram } from "../../helpers/fake-program.ts";
import type { Daemon } from "../../support/daemon.ts";
import { logged, MAIN, startDaemon } from "../../support/daemon.ts";
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

/** ffmpeg as it is, but for what it says of itself. */
const ffmpegThat = (changes: string): Promise<string> =>
  fakeProgram(site.path("ffmpeg"), `PATH=${process.env["PATH"] ?? ""} exec ffmpeg "$@" | sed '${changes}'`);

describe("the daemon ends with 78 and one line that names", () => {
  test.each<readonly [what: string, env: () => Promise<Readonly<Record<string, string>>>, named: RegExp]>([
    ["bad input 70: a queue that is not there", async () => ({ LADDERD_QUEUE_URL: `${site.aws.queueUrl}-typo` }), /^ladderd: .*queue/im],
    [
      "bad input 73: an ffmpeg that is absent",
      async () => ({ LADDERD_FFMPEG_PATH: "/nonexistent/ffmpeg" }),
      /^ladderd: ffmpeg\.path: .*apt-get install/m,
    ],
    [
      "bad input 73: an ffmpeg that is too old",
      async () => ({ LADDERD_FFMPEG_PATH: await ffmpegThat("s/^ffmpeg version [^ ]*/ffmpeg version 4.4.1/") }),
      /^ladderd: ffmpeg\.minimumVersion: .*4\.4\.1/m,
    ],
    [
      "bad input 73: an ffmpeg without libx264",
      async () => ({ LADDERD_FFMPEG_PATH: await ffmpegThat("/libx264/d") }),
      /^ladderd: ffmpeg\.path: .*libx264/m,
    ],
    ["bad input 74: a work folder below a file", async () => ({ LADDERD_WORK_DIR: join(MAIN, "work") }), /^ladderd: workDir/m],
    [
      "bad input 76: a port in use",
      async () => ({ LADDERD_HTTP_PORT: new URL(site.aws.endpoint).port }),
      /^ladderd: http\.port \(LADDERD_HTTP_PORT\)/m,
    ],
    [
      "bad input 78: requests in clear in production",
      async () => ({ NODE_ENV: "production", AWS_ENDPOINT_URL_S3: "http://10.0.0.1" }),
      /^ladderd: AWS_ENDPOINT_URL_S3: /m,
    ],
  ])("%s", async (_what, env, named) => {
    const failure: unknown = await start(await env()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: expect.stringMatching(/ended with 78/) });
    expect(failure).toMatchObject({ message: expect.stringMatching(named) });
  });

  test("bad input 78: but starts beside NODE_OPTIONS and a proxy, and warns of them", async () => {
    const env = { NODE_OPTIONS: "--no-deprecation", HTTPS_PROXY: "http://127.0.0.1:9", NODE_ENV: "production", LADDERD_SANDBOX: "auto" };
    await using daemon = await start(env);
    expect(JSON.stringify(logged(daemon, { msg: "worth knowing at start" }))).toMatch(/NODE_OPTIONS[^]*HTTPS_PROXY/);
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
