import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { makeClip } from "../support/clips.ts";
import { closeCleanly, namesIn } from "../support/close-cleanly.ts";
import type { Daemon } from "../support/daemon.ts";
import { childEnvironment, logged, MAIN, startDaemon } from "../support/daemon.ts";
import { command } from "../support/command.ts";
import { readEmf } from "../support/emf.ts";
import type { FakeAutoScaling } from "../support/fake-auto-scaling.ts";
import { startFakeAutoScaling } from "../support/fake-auto-scaling.ts";
import type { FakeImds } from "../support/fake-imds.ts";
import { startFakeImds } from "../support/fake-imds.ts";
import { metricsOf } from "../support/metrics.ts";
import { processesTouching } from "../support/processes.ts";
import { keysOf, publishedAt } from "../support/published.ts";
import { countOf, makeQueue, receive, send } from "../support/queue.ts";
import type { Site } from "../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../support/site.ts";
import { until } from "../support/until.ts";

/** Long enough at 720p to be under way when the next look at the metadata comes, at most 5 s later. */
const FILM_SECONDS = 20;
let site: Site;

beforeAll(async () => {
  site = await openSite("interruptions");
  await makeClip(site.path("film.mp4"), { size: "1280x720", seconds: FILM_SECONDS });
  await uploadFile(site, site.path("film.mp4"), { bucket: QUIET_BUCKET, key: "film.mp4" });
});
afterAll(() => closeCleanly(site, undefined));

interface Run extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly queueUrl: string;
  readonly imds: FakeImds;
  readonly autoScaling: FakeAutoScaling;
}

const settings = (imds: FakeImds, autoScaling: FakeAutoScaling): Readonly<Record<string, string>> => ({
  LADDERD_INTERRUPTIONS: "auto",
  LADDERD_EMF_NAMESPACE: "ladderd/test",
  AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url,
  AWS_ENDPOINT_URL_AUTO_SCALING: autoScaling.url,
});

/** A daemon on an instance of its own, in the middle of an encode. */
async function encodingOnEc2(name: string, more: Readonly<Record<string, string>> = {}): Promise<Run> {
  await using undo = new AsyncDisposableStack();
  const imds = undo.use(await startFakeImds());
  const autoScaling = undo.use(await startFakeAutoScaling());
  const queueUrl = await makeQueue(site, name, 30);
  const env = { ...site.daemonEnv(name), LADDERD_QUEUE_URL: queueUrl, ...settings(imds, autoScaling), ...more };
  imds.texts.set("instance-type", "c8g.xlarge");
  const daemon = undo.use(await startDaemon({ env }));
  await send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: "film.mp4" }, assetPath: name }, queueUrl);
  await until("the encode gets on", async () => {
    const { running } = board.parse(await (await fetch(`${daemon.url}/api/jobs`)).json());
    return running.some(({ stage, fraction = 0 }) => stage === "encode" && fraction > 0) ? true : undefined;
  });
  const resources = undo.move();
  return { daemon, queueUrl, imds, autoScaling, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

const board = z.object({ running: z.array(z.object({ stage: z.string().optional(), fraction: z.number().optional() })) });

async function expectNothingLeft({ daemon }: Run): Promise<void> {
  expect(await processesTouching(daemon.workDir)).toEqual([]);
  // The source is kept for an attempt on the same machine.
  expect((await namesIn(daemon.workDir)).filter((name) => !name.startsWith("kept-"))).toEqual([]);
}

describe("the daemon on an EC2 instance", () => {
  test("fault 20: under a Spot notice it gives the running job back and is gone within 60 s, without a child", async () => {
    await using run = await encodingOnEc2("spot");
    const { daemon, queueUrl, imds } = run;
    const before = performance.now();
    imds.texts.set("spot/instance-action", '{"action":"terminate","time":"2026-11-23T10:02:00Z"}');
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - before).toBeLessThan(60_000);
    await expectNothingLeft(run);
    expect(logged(daemon, { msg: "message settled", outcome: "released", code: "shutdown" })).toHaveLength(1);
    // Segments that went up stay for the next attempt.
    expect((await keysOf(site, "spot/")).filter((key) => !key.startsWith("spot/r/"))).toEqual([]);
    expect((await receive(site, queueUrl, 35_000)).Attributes?.ApproximateReceiveCount).toBe("2");
  });

  test("fault 21: under a rebalance recommendation it finishes what runs, takes nothing new and ends", async () => {
    // A drain that counted its budget would have cancelled at once.
    await using run = await encodingOnEc2("rebalance", { LADDERD_DRAIN_SECONDS: "0" });
    const { daemon, queueUrl, imds } = run;
    const metrics = await metricsOf(daemon.url);
    expect(metrics.get('ladderd_instance_info{instance_id="i-0123456789abcdef0",instance_type="c8g.xlarge",zone="unknown"}')).toBe(1);
    imds.texts.set("events/recommendations/rebalance", '{"noticeTime":"2026-11-23T10:00:00Z"}');
    await until("it says that it drains", async () => ((await fetch(`${daemon.url}/readyz`)).status === 503 ? true : undefined));
    await send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: "film.mp4" }, assetPath: "too-late" }, queueUrl);
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
    expect((await publishedAt(site, "rebalance")).durationSeconds).toBe(FILM_SECONDS);
    expect(await countOf(site, queueUrl)).toEqual({ visible: 1, hidden: 0 });
    const told = logged(daemon, { msg: "metrics for CloudWatch" }).map((line) => readEmf(JSON.stringify(line)).values);
    expect(told.map((values) => values.get("SettledPublished")).filter((published) => published !== 0)).toEqual([1]);
    expect(told.map((values) => values.get("Interruptions")).filter((seen) => seen !== 0)).toEqual([1]);
    expect(await keysOf(site, "too-late/")).toEqual([]);
    await expectNothingLeft(run);
    const nameless = daemon.log().filter((line) => line["instanceId"] !== "i-0123456789abcdef0");
    expect(nameless.map(({ msg }) => msg)).toEqual([]);
  });

  test("fault 22: a terminating group waits for the job and goes on after it; the daemon does not start there again", async () => {
    await using run = await encodingOnEc2("terminating", { LADDERD_SCALE_IN_PROTECTION: "true" });
    const { daemon, imds, autoScaling } = run;
    const actions = (): readonly string[] => autoScaling.calls.map(({ Action }) => Action);
    imds.texts.set("autoscaling/target-lifecycle-state", "Terminated");
    await until("the group is told to wait", () => (actions().includes("RecordLifecycleActionHeartbeat") ? true : undefined));
    expect(actions()).not.toContain("CompleteLifecycleAction");
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
    expect((await publishedAt(site, "terminating")).durationSeconds).toBe(FILM_SECONDS);
    const completed = autoScaling.calls.filter(({ Action }) => Action === "CompleteLifecycleAction");
    expect(completed).toMatchObject([{ LifecycleHookName: "drain", InstanceId: "i-0123456789abcdef0", LifecycleActionResult: "CONTINUE" }]);
    await expectNothingLeft(run);

    const env = childEnvironment({ ...site.daemonEnv("again"), ...settings(imds, autoScaling) });
    const again = await command(process.execPath, [MAIN, "start"], { env, timeoutMs: 60_000 });
    expect(again.exitCode).toBe(0);
    expect(again.stdout).toContain("not starting");
  });
});
