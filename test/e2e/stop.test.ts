import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { makeClip } from "../support/clips.ts";
import { closeCleanly, namesIn } from "../support/close-cleanly.ts";
import type { Daemon } from "../support/daemon.ts";
import { logged, startDaemon } from "../support/daemon.ts";
import { processesNaming, processesTouching, signalIfThere } from "../support/processes.ts";
import { assetAt, keysOf, publishedAt } from "../support/published.ts";
import { countOf, makeQueue, receive, send, untilEmpty } from "../support/queue.ts";
import type { Site } from "../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../support/site.ts";
import { until } from "../support/until.ts";

/** At 720p long enough to be stopped in the middle, and to outlast a short lease. */
const FILM_SECONDS = 20;
let site: Site;

beforeAll(async () => {
  site = await openSite("stop");
  await makeClip(site.path("film.mp4"), { size: "1280x720", seconds: FILM_SECONDS });
  await uploadFile(site, site.path("film.mp4"), { bucket: QUIET_BUCKET, key: "film.mp4" });
});
afterAll(() => closeCleanly(site, undefined));

const orderOf = (assetPath: string): object => ({ ladderd: 1, source: { bucket: QUIET_BUCKET, key: "film.mp4" }, assetPath });

interface Run extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly queueUrl: string;
  readonly start: () => Promise<Daemon>;
}

/** A daemon with a queue and a work folder of its own. */
async function openRun(name: string, settings: Readonly<Record<string, string>> = {}): Promise<Run> {
  const queueUrl = await makeQueue(site, name, 30);
  const start = (): Promise<Daemon> => startDaemon({ env: { ...site.daemonEnv(name), LADDERD_QUEUE_URL: queueUrl, ...settings } });
  const daemon = await start();
  return { daemon, queueUrl, start, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
}

const board = z.object({ running: z.array(z.object({ stage: z.string().optional(), fraction: z.number().optional() })) });

/** Orders a job and waits until its encode gets on. */
async function encoding({ daemon, queueUrl }: Run, assetPath: string): Promise<void> {
  await send(site, orderOf(assetPath), queueUrl);
  await until("the encode gets on", async () => {
    const { running } = board.parse(await (await fetch(`${daemon.url}/api/jobs`)).json());
    return running.some(({ stage, fraction = 0 }) => stage === "encode" && fraction > 0) ? true : undefined;
  });
  expect((await processesNaming(daemon.workDir)).length).toBeGreaterThanOrEqual(2);
}

const SHORT_LEASE = { LADDERD_LEASE_VISIBILITY_SECONDS: "6", LADDERD_LEASE_EXTEND_SECONDS: "1", LADDERD_LEASE_MARGIN_SECONDS: "2" };

/** Fails unless the process is gone with all it started, and has published nothing. */
async function expectNothingLeft({ daemon }: Run, assetPath: string): Promise<void> {
  expect(await processesTouching(daemon.workDir)).toEqual([]);
  expect((await namesIn(daemon.workDir)).filter((name) => !name.startsWith("kept-"))).toEqual([]);
  // Segments that went up stay for the next attempt.
  expect((await keysOf(site, `${assetPath}/`)).filter((key) => !key.startsWith(`${assetPath}/r/`))).toEqual([]);
}

describe("one signal", () => {
  it("fault 14: lets the running job finish under its lease, gives back what the open receive still brings, and ends with 0", async () => {
    await using run = await openRun("one-signal", { LADDERD_CONCURRENCY: "2", ...SHORT_LEASE });
    const { daemon, queueUrl } = run;
    await encoding(run, "one-signal");
    daemon.signal("SIGTERM");
    await until("it says that it drains", async () => ((await fetch(`${daemon.url}/readyz`)).status === 503 ? true : undefined));
    expect((await fetch(`${daemon.url}/healthz`)).status).toBe(200);
    await send(site, orderOf("too-late"), queueUrl);
    await until("the late message is visible again", async () => ((await countOf(site, queueUrl)).visible === 1 ? true : undefined), 4000);

    expect(await daemon.exited).toEqual({ code: 0, signal: null });
    expect((await publishedAt(site, "one-signal")).durationSeconds).toBe(FILM_SECONDS);
    expect(logged(daemon, { msg: "message settled", outcome: "published", attempt: 1 })).toHaveLength(1);
    expect(await countOf(site, queueUrl)).toEqual({ visible: 1, hidden: 0 });
    expect(await assetAt(site, "too-late")).toBeUndefined();
    expect(await processesTouching(daemon.workDir)).toEqual([]);
    expect(await namesIn(daemon.workDir)).toEqual([]);
  });

  it("fault 12: ends an idle daemon with 0 when its open receive is over", async () => {
    await using run = await openRun("idle");
    const before = performance.now();
    expect(await run.daemon.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - before).toBeLessThan(30_000);
    await expectNothingLeft(run, "idle");
  });
});

describe("one signal that an encode does not survive", () => {
  const expectGivenBack = async (run: Run, assetPath: string): Promise<void> => {
    expect(await run.daemon.exited).toEqual({ code: 0, signal: null });
    await expectNothingLeft(run, assetPath);
    expect(logged(run.daemon, { msg: "message settled", outcome: "released", code: "shutdown" })).toHaveLength(1);
    expect((await receive(site, run.queueUrl, 32_000)).Attributes?.ApproximateReceiveCount).toBe("2");
  };

  it("fault 15: ends it at the drain's deadline, when it does not fit, and gives the message back", async () => {
    await using run = await openRun("no-budget", { LADDERD_DRAIN_SECONDS: "2" });
    await encoding(run, "no-budget");
    const before = performance.now();
    run.daemon.signal("SIGTERM");
    await run.daemon.exited;
    expect(performance.now() - before).toBeGreaterThan(1900);
    await expectGivenBack(run, "no-budget");
  });

  it("fault 17: sent to all its programs as well, publishes nothing and counts as no failure", async () => {
    await using run = await openRun("whole-tree");
    await encoding(run, "whole-tree");
    run.daemon.signal("SIGINT");
    for (const { pid } of await processesNaming(run.daemon.workDir)) signalIfThere(pid, "SIGINT");
    await expectGivenBack(run, "whole-tree");
  });
});

describe("two signals", () => {
  it("fault 18: end an encode that does not listen within five seconds, with an open receive beside it, and give the message back", async () => {
    await using run = await openRun("two-signals", { LADDERD_CONCURRENCY: "2" });
    const { daemon, queueUrl } = run;
    await encoding(run, "two-signals");
    daemon.signal("SIGTERM");
    await until("the first signal is heard", () => logged(daemon, { signal: "SIGTERM" })[0]);
    // A stopped program takes no SIGTERM: it has to be killed, and the rest done in what is left of the five seconds.
    for (const { pid } of await processesNaming(daemon.workDir)) signalIfThere(pid, "SIGSTOP");
    const before = performance.now();
    daemon.signal("SIGINT");
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - before).toBeLessThan(5000);
    await expectNothingLeft(run, "two-signals");
    expect(logged(daemon, { msg: "message settled", outcome: "released", code: "shutdown" })).toHaveLength(1);
    const { Attributes } = await receive(site, queueUrl, 32_000);
    expect(Attributes?.ApproximateReceiveCount).toBe("2");
  });
});

describe("three signals", () => {
  it("end the process at once, and with it an encode that does not listen to the second", async () => {
    await using run = await openRun("three-signals");
    const { daemon } = run;
    await encoding(run, "three-signals");
    // A stopped program takes no SIGTERM: the second signal alone would have to wait for the kill.
    for (const { pid } of await processesNaming(daemon.workDir)) signalIfThere(pid, "SIGSTOP");
    daemon.signal("SIGTERM");
    await until("the first is heard", () => logged(daemon, { signal: "SIGTERM" })[0]);
    daemon.signal("SIGINT");
    await until("the second is heard", () => logged(daemon, { signal: "SIGINT" })[0]);
    const before = performance.now();
    daemon.signal("SIGTERM");
    expect(await daemon.exited).toEqual({ code: 1, signal: null });
    expect(performance.now() - before).toBeLessThan(1000);
    await expect.poll(() => processesTouching(daemon.workDir), { timeout: 2000 }).toEqual([]);
    expect(await assetAt(site, "three-signals")).toBeUndefined();
  });
});

describe("a daemon that is killed while it waits", () => {
  it("fault 1: loses no message that comes then", async () => {
    await using run = await openRun("killed-idle", SHORT_LEASE);
    await until("it waits", async () => ((await fetch(`${run.daemon.url}/readyz`)).status === 200 ? true : undefined));
    const sent = send(site, orderOf("killed-idle"), run.queueUrl);
    run.daemon.signal("SIGKILL");
    await sent;
    expect(await run.daemon.exited).toEqual({ code: null, signal: "SIGKILL" });
    await using next = await run.start();
    expect((await publishedAt(site, "killed-idle")).durationSeconds).toBe(FILM_SECONDS);
    await untilEmpty(site, run.queueUrl);
    expect(logged(next, { msg: "message settled", outcome: "published" })).toHaveLength(1);
  });
});

describe("a daemon that is killed in the middle of an encode", () => {
  it("fault 5: leaves no program running, and the next one sweeps its folder and publishes once", async () => {
    await using run = await openRun("killed", SHORT_LEASE);
    const { daemon: killed, queueUrl } = run;
    await encoding(run, "killed");
    // The fetched source is kept for the next attempt; the folder of the job is not.
    const before = await namesIn(killed.workDir);
    const folder = before.find((name) => name.startsWith("job-")) ?? "";
    killed.signal("SIGKILL");
    expect(await killed.exited).toEqual({ code: null, signal: "SIGKILL" });
    await expect.poll(() => processesTouching(killed.workDir), { timeout: 2000 }).toEqual([]);
    expect(await namesIn(killed.workDir)).toEqual(before);

    await using next = await run.start();
    expect(await namesIn(killed.workDir)).not.toContain(folder);
    const { revision } = await publishedAt(site, "killed");
    await untilEmpty(site, queueUrl);
    expect(logged(next, { msg: "message settled" }).map(({ outcome, attempt }) => ({ outcome, attempt }))).toEqual([
      { outcome: "published", attempt: 2 },
    ]);
    const pointerCopies = (await keysOf(site, "killed/r/")).filter((key) => key.endsWith("/pointer.m3u8"));
    expect(pointerCopies).toEqual([`killed/r/${revision}/pointer.m3u8`]);
    expect(await namesIn(killed.workDir)).toEqual([]);
  });
});
