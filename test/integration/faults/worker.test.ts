import { stat } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeClip } from "../../support/clips.ts";
import type { Daemon } from "../../support/daemon.ts";
import { logged, startDaemon } from "../../support/daemon.ts";
import { metricsOf } from "../../support/metrics.ts";
import { processesTouching } from "../../support/processes.ts";
import { keysOf, publishedAt } from "../../support/published.ts";
import { makeQueue, send, untilEmpty } from "../../support/queue.ts";
import type { Site } from "../../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../../support/site.ts";
import type { TcpProxy } from "../../support/tcp-proxy.ts";
import { BLACK_HOLE, startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";

const SHORT_LEASE = { LADDERD_LEASE_VISIBILITY_SECONDS: "6", LADDERD_LEASE_EXTEND_SECONDS: "1", LADDERD_LEASE_MARGIN_SECONDS: "2" };
let site: Site;
let clipBytes: number;

beforeAll(async () => {
  site = await openSite("network");
  await makeClip(site.path("clip.mp4"), { size: "320x180", seconds: 2 });
  clipBytes = (await stat(site.path("clip.mp4"))).size;
  await uploadFile(site, site.path("clip.mp4"), { bucket: QUIET_BUCKET, key: "clip.mp4" });
});
afterAll(() => site[Symbol.asyncDispose]());

interface Run extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly queueUrl: string;
  readonly s3: TcpProxy;
  readonly sqs: TcpProxy;
}

/** A daemon whose S3 and whose SQS lie behind networks of their own. */
async function openRun(name: string, settings: Readonly<Record<string, string>> = {}): Promise<Run> {
  await using undo = new AsyncDisposableStack();
  const queueUrl = await makeQueue(site, name, 6);
  const [s3, sqs] = [undo.use(await startTcpProxy(site.aws.endpoint)), undo.use(await startTcpProxy(site.aws.endpoint))];
  const endpoints = { AWS_ENDPOINT_URL_S3: s3.endpoint, AWS_ENDPOINT_URL_SQS: sqs.endpoint };
  const env = { ...site.daemonEnv(name), ...endpoints, LADDERD_QUEUE_URL: queueUrl, LADDERD_PER_TITLE: "false", ...settings };
  const daemon = undo.use(await startDaemon({ env }));
  const resources = undo.move();
  return { daemon, queueUrl, s3, sqs, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

const order = (assetPath: string, { queueUrl }: Pick<Run, "queueUrl">): Promise<string> =>
  send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: "clip.mp4" }, assetPath }, queueUrl);
const healthOf = async ({ daemon }: Run): Promise<number> => (await fetch(`${daemon.url}/healthz`)).status;
const pollErrors = async ({ daemon }: Run): Promise<number> =>
  (await metricsOf(daemon.url)).get('ladderd_poll_errors_total{class="network"}') ?? 0;
const waitFor = (what: string, { daemon }: Pick<Run, "daemon">, wanted: Parameters<typeof logged>[1]) =>
  until(what, () => logged(daemon, wanted)[0], 60_000);
const revisionsOf = async (assetPath: string): Promise<readonly string[]> =>
  (await keysOf(site, `${assetPath}/r/`)).filter((key) => key.endsWith("/pointer.m3u8"));

test("fault 33: with SQS away and S3 there the worker asks now and then, says so once, and resumes by itself", async () => {
  await using run = await openRun("sqs-away", SHORT_LEASE);
  await run.sqs.refuse();
  await waitFor("it says that the queue is away", run, { msg: "queue not reachable, backing off" });
  // The server may give it to the receive that was cut off: it is back when its visibility ends.
  await order("sqs-away", run);
  await until("it asked again", async () => ((await pollErrors(run)) >= 3 ? true : undefined));
  expect(await healthOf(run)).toBe(200);
  await run.sqs.accept();
  await publishedAt(site, "sqs-away");
  expect(logged(run.daemon, { msg: "queue not reachable, backing off" })).toHaveLength(1);
  expect(logged(run.daemon, { msg: "queue reachable again" })).toHaveLength(1);
  expect(await pollErrors(run)).toBeLessThanOrEqual(6);
});

test("R-O1, fault 38: with S3 away and SQS there the worker stays healthy, a job is put off for at most a minute, and the next one finds S3 again", async () => {
  await using run = await openRun("s3-away");
  await run.s3.refuse();
  await order("s3-away-first", run);
  const settled = await waitFor("the job is put off", run, { msg: "message settled", code: "storage_throttled" });
  expect(settled["delaySeconds"]).toBeGreaterThanOrEqual(30);
  expect(settled["delaySeconds"]).toBeLessThanOrEqual(60);
  expect(await healthOf(run)).toBe(200);
  await run.s3.accept();
  await order("s3-away-second", run);
  await publishedAt(site, "s3-away-second");
});

test("R-D2: a worker that stops and cannot give its message back says so by its exit code", async () => {
  await using run = await openRun("kept");
  run.s3.weather({ down: { bytesPerSecond: clipBytes / 60 } });
  await order("kept", run);
  await waitFor("the source comes", run, { msg: "stage ended", stage: "claim" });
  await run.sqs.refuse();
  run.daemon.signal("SIGTERM");
  await waitFor("the first signal is heard", run, { signal: "SIGTERM" });
  run.daemon.signal("SIGTERM");
  expect(await run.daemon.exited).toEqual({ code: 1, signal: null });
  expect(logged(run.daemon, { msg: "stopped, but not everything could be given back" })).toHaveLength(1);
});

describe("a lease", () => {
  test("fault 25: that cannot be extended ends the job before anyone else may start it; later it is published once", async () => {
    await using run = await openRun("fenced", SHORT_LEASE);
    run.s3.weather({ down: { bytesPerSecond: clipBytes / 20 } });
    await order("fenced", run);
    await waitFor("the source comes", run, { msg: "stage ended", stage: "admit" });
    run.sqs.weather({ up: BLACK_HOLE, down: BLACK_HOLE });
    await waitFor("the job is left alone", run, { msg: "message settled", outcome: "abandoned", code: "lease_lost" });
    // What went up before stays for the next attempt; on a busy machine that is all of it.
    expect((await keysOf(site, "fenced/")).filter((key) => !key.startsWith("fenced/r/"))).toEqual([]);
    expect((await metricsOf(run.daemon.url)).get("ladderd_lease_lost_total")).toBe(1);
    run.s3.weather({});
    run.sqs.weather({});
    await publishedAt(site, "fenced");
    await untilEmpty(site, run.queueUrl);
    // A second publication would name the first.
    expect((await publishedAt(site, "fenced")).previous).toBeUndefined();
  });

  test("fault 28: of a worker that was frozen in its upload is lost when it wakes: what another published stays", async () => {
    await using run = await openRun("frozen", SHORT_LEASE);
    run.s3.weather({ up: { bytesPerSecond: clipBytes / 20 } });
    await order("frozen", run);
    await waitFor("the upload runs", run, { msg: "stage ended", stage: "verify" });
    run.daemon.signal("SIGSTOP");
    await using other = await startDaemon({
      env: { ...site.daemonEnv("second"), LADDERD_QUEUE_URL: run.queueUrl, LADDERD_PER_TITLE: "false", ...SHORT_LEASE },
    });
    const { revision } = await publishedAt(site, "frozen");
    await waitFor("the other one has settled", { daemon: other }, { msg: "message settled", outcome: "published" });
    run.daemon.signal("SIGCONT");
    await waitFor("the frozen one gives up", run, { msg: "message settled", outcome: "abandoned" });
    expect((await publishedAt(site, "frozen")).revision).toBe(revision);
    expect(await revisionsOf("frozen")).toHaveLength(1);
    await expect.poll(() => processesTouching(run.daemon.workDir), { timeout: 10_000 }).toHaveLength(1);
  });
});
