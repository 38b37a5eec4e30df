import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeClip } from "../support/clips.ts";
import { closeCleanly } from "../support/close-cleanly.ts";
import type { CommandEnd } from "../support/command.ts";
import { command } from "../support/command.ts";
import { crawlDash, crawlHls } from "../support/crawl.ts";
import type { Daemon } from "../support/daemon.ts";
import { childEnvironment, logged, MAIN, startDaemon } from "../support/daemon.ts";
import { runAtFailpoint } from "../support/failpoints.ts";
import { startLater } from "../support/later.ts";
import { metricsOf } from "../support/metrics.ts";
import type { Asset } from "../support/published.ts";
import { assetAt, keysOf, publishedAt } from "../support/published.ts";
import { countOf, drainQueue, makeQueue, send, untilEmpty } from "../support/queue.ts";
import { replayPrograms } from "../support/replay.ts";
import type { Site } from "../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../support/site.ts";
import { until } from "../support/until.ts";

const DAY_SECONDS = 86_400;
const HASTY_PRELOAD = join(import.meta.dirname, "../support/hasty-process.ts");
const SETTLED_MS = 120_000;
const KINDS_OF_FAILURE = { gone: 30, broken: 2 };

let site: Site;
let daemon: Daemon;
let clips: { readonly first: string; readonly second: string };

beforeAll(async () => {
  site = await openSite("operate");
  daemon = await startDaemon({
    env: { ...site.daemonEnv("work"), LADDERD_CONCURRENCY: "2", ...(await replayPrograms(site.path("programs"))) },
  });
  clips = {
    first: await makeClip(site.path("first.mp4"), { seconds: 1, size: "320x180" }),
    second: await makeClip(site.path("second.mp4"), { seconds: 2, size: "320x180" }),
  };
}, 120_000);
afterAll(() => closeCleanly(site, daemon), 60_000);

/** The real command line in an environment like the daemon's. */
const ladderd = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandEnd> =>
  command(process.execPath, [MAIN, ...args], { env: childEnvironment({ ...site.daemonEnv("cli"), ...env }) });

/** Its answer as JSON; fails unless it ended so. */
async function answer(args: readonly string[], { exitCode = 0, env = {} } = {}): Promise<unknown> {
  const end = await ladderd([...args, "--json"], env);
  expect(end).toMatchObject({ exitCode });
  return JSON.parse(end.stdout);
}

/** Everything that can be reached from the public address is there, and of this revision. */
async function expectPlays(assetPath: string, { revision }: Asset): Promise<void> {
  expect(await assetAt(site, assetPath)).toMatchObject({ revision });
  const [hls, dash] = [
    await crawlHls(`${site.origin.url}/${assetPath}/index.m3u8`),
    await crawlDash(`${site.origin.url}/${assetPath}/index.mpd`),
  ];
  for (const { visits } of [hls, dash]) {
    expect(visits.filter(({ status }) => status !== 200 && status !== 206)).toStrictEqual([]);
    expect(visits.filter(({ url }) => url.includes(`/r/${revision}/`) && url.endsWith(".m4s")).length).toBeGreaterThan(0);
    expect(visits.filter(({ url }) => url.includes("/r/") && !url.includes(revision))).toStrictEqual([]);
  }
}

/** As S3 sent it when the object came. */
const eventOf = (key: string, eventTime: string): object => ({
  Records: [
    {
      ...{ eventVersion: "2.1", eventSource: "aws:s3", awsRegion: "us-east-1", eventTime, eventName: "ObjectCreated:Put" },
      s3: { bucket: { name: "uploads" }, object: { key, size: 1000 } },
    },
  ],
});

test("rollback shows the stream from before, forward again the later one, and no old message undoes it", { timeout: 240_000 }, async () => {
  const { first, second } = clips;
  const key = "films/a.mp4";
  const upload = (file: string): Promise<string> => uploadFile(site, file, { key });

  expect(await ladderd(["rollback", "films/a"])).toMatchObject({ exitCode: 65, stdout: "" });
  await upload(first);
  const one = await publishedAt(site, "films/a");
  expect(await answer(["rollback", "films/a"], { exitCode: 1 })).toMatchObject({ kind: "nothing", at: one.revision });
  await upload(second);
  const two = await publishedAt(site, "films/a", { not: one.revision });
  expect(two.previous).toBe(one.revision);
  await untilEmpty(site, undefined, SETTLED_MS);

  expect(await answer(["rollback", "films/a"])).toMatchObject({ kind: "rolled-back", from: two.revision, to: one.revision });
  await expectPlays("films/a", one);
  await send(site, eventOf(key, two.createdAt));
  await untilEmpty(site, undefined, SETTLED_MS);
  await expect.poll(() => logged(daemon, { msg: "message settled" }).at(-1), { timeout: 30_000 }).toMatchObject({ outcome: "stale" });
  await expectPlays("films/a", one);

  const forward = await ladderd(["rollback", "films/a"]);
  expect(forward).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`back to revision ${two.revision} (was ${one.revision}`) });
  await expectPlays("films/a", two);

  await answer(["rollback", "films/a"]);
  await upload(second);
  const three = await publishedAt(site, "films/a", { not: one.revision });
  expect(three).toMatchObject({ previous: one.revision, durationSeconds: two.durationSeconds });
  await expectPlays("films/a", three);
});

test("inspect shows what is published and how its attempt went, and so of one that failed", { timeout: 240_000 }, async () => {
  const { first } = clips;
  await uploadFile(site, first, { key: "films/c.mp4" });
  const { revision } = await publishedAt(site, "films/c");
  await untilEmpty(site, undefined, SETTLED_MS);
  const good = await answer(["inspect", "films/c"]);
  expect(good).toMatchObject({
    asset: { revision, assetPath: "films/c" },
    job: {
      ...{ outcome: "published", revision, sourceKey: "films/c.mp4", engine: { name: "ffmpeg", exit: "ok" } },
      plan: { ladder: "h264-fast" },
      stages: { fetch: expect.any(Number), encode: expect.any(Number), publish: expect.any(Number) },
      lastLines: expect.any(Array),
    },
  });
  expect((await ladderd(["inspect", "films/c"])).stdout).toMatch(
    new RegExp(`^films/c: revision ${revision}.*^last attempt: published .*^  stages +.*encode \\d`, "ms"),
  );

  const bytes = await readFile(first);
  await writeFile(site.path("broken.mp4"), bytes.fill(0x5a, Math.floor(bytes.length / 3)));
  await uploadFile(site, site.path("broken.mp4"), { key: "films/b.mp4" });
  await until("it is given up", async () => ((await countOf(site, site.aws.deadLetterQueueUrl)).visible === 1 ? true : undefined), 60_000);
  const bad = await ladderd(["inspect", "films/b"]);
  expect(bad).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("nothing is published for films/b") });
  expect(bad.stdout).toMatch(/^last attempt: rejected .*\(source_\w+: .*^ {2}\| \S.*^failure on record: source_\w+: /ms);
  expect(await ladderd(["inspect", "films/none"])).toMatchObject({ exitCode: 65, stdout: "" });
});

test("redrive lists failures that are alike as one, and sends back the group whose cause is mended", { timeout: 240_000 }, async () => {
  const { first } = clips;
  await drainQueue(site, site.aws.deadLetterQueueUrl);
  await writeFile(site.path("empty.mp4"), "");
  const names = (kind: keyof typeof KINDS_OF_FAILURE): readonly string[] =>
    Array.from({ length: KINDS_OF_FAILURE[kind] }, (_, index) => `${kind}-${index}`);
  for (const name of names("broken")) await uploadFile(site, site.path("empty.mp4"), { bucket: QUIET_BUCKET, key: `${name}.mp4` });
  for (const name of [...names("gone"), ...names("broken")])
    await send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: `${name}.mp4` } });
  await untilEmpty(site, undefined, SETTLED_MS);
  const dead = async (): Promise<number> => (await countOf(site, site.aws.deadLetterQueueUrl)).visible;
  expect(await dead()).toBe(32);

  const listed = await ladderd(["redrive"]);
  expect(listed).toMatchObject({ exitCode: 0, stderr: "" });
  const rows = listed.stdout.split("\n").map((line) => line.split(/ {2,}/));
  expect(rows.map(([, count, code]) => [count, code])).toStrictEqual([
    ["COUNT", "CODE"],
    ["30", "source_not_found"],
    ["2", "source_empty"],
    [undefined, undefined],
    [undefined, undefined],
  ]);
  expect(await dead()).toBe(32);
  const fingerprint = rows[1]?.[0] ?? "";

  expect(await answer(["redrive", "--fingerprint", "0000"], { exitCode: 1 })).toMatchObject({ seen: 32, sentBack: 0 });
  for (const name of names("gone")) await uploadFile(site, first, { bucket: QUIET_BUCKET, key: `${name}.mp4` });
  expect(await answer(["redrive", "--fingerprint", fingerprint])).toMatchObject({ seen: 32, sentBack: 30, kept: 0 });
  await untilEmpty(site, undefined, SETTLED_MS);
  for (const name of names("gone")) expect(await assetAt(site, name)).toMatchObject({ durationSeconds: 1 });
  expect(await answer(["redrive"])).toMatchObject({ seen: 2, groups: [{ code: "source_empty", count: 2 }] });
});

test(
  "fault 7: gc removes what killed attempts and old publications left, and nothing that is shown or being made",
  { timeout: 280_000 },
  async () => {
    await using later = await startLater(site.aws.endpoint);
    const { first, second } = clips;
    // Of sound no attempt takes over what the one before it uploaded.
    await makeClip(site.path("song.mp4"), { seconds: 2, hasVideo: false });
    await uploadFile(site, site.path("song.mp4"), { bucket: QUIET_BUCKET, key: "song.mp4" });
    const order = (assetPath: string): object => ({ ladderd: 1, source: { bucket: QUIET_BUCKET, key: "song.mp4" }, assetPath });
    const gc = (...args: readonly string[]): Promise<unknown> => answer(["gc", ...args], { env: { AWS_ENDPOINT_URL: later.endpoint } });
    const revisionsOf = async (assetPath: string): Promise<readonly string[]> => [
      ...new Set((await keysOf(site, `${assetPath}/r/`)).map((key) => key.split("/r/")[1]?.split("/")[0] ?? "")),
    ];

    // What the tests before this one left.
    later.by(2 * DAY_SECONDS);
    await gc();
    const shown: Asset[] = [];
    for (const file of [first, second, first]) {
      await uploadFile(site, file, { key: "a.mp4" });
      shown.push(await publishedAt(site, "a", { not: shown.at(-1)?.revision ?? "" }));
    }
    await untilEmpty(site, undefined, SETTLED_MS);
    const killed = await runAtFailpoint(site, {
      failpoint: { name: "before-record", passing: 1, action: "kill" },
      assetPath: "killed",
      body: order("killed"),
    });
    expect(killed.problems).toStrictEqual([]);
    const resumed = await publishedAt(site, "killed");
    const orphans = [shown[0]?.revision, (await revisionsOf("killed")).find((name) => name !== resumed.revision)];
    expect(orphans).not.toContain(undefined);

    // S3 tells ages in whole seconds.
    await sleep(2100);
    const [cutMs, old] = [Date.now(), await keysOf(site, "")];
    const live = runAtFailpoint(site, {
      failpoint: { name: "before-record", passing: 1, action: "stop" },
      assetPath: "live",
      body: order("live"),
    });
    await until("an attempt is on its way", async () => ((await revisionsOf("live")).length > 0 ? true : undefined), 120_000);
    const age = (): void => later.by(DAY_SECONDS - (Date.now() - cutMs) / 1000 + 1);
    age();
    const dry = await gc("--dry-run");
    expect(dry).toMatchObject({ dryRun: true, revisions: [{ assetPath: "a" }, { assetPath: "killed" }] });
    expect(await keysOf(site, "")).toStrictEqual(expect.arrayContaining([...old]));
    age();
    const done = await gc();
    expect(done).toMatchObject({ revisions: expect.arrayContaining(orphans.map((revision) => expect.objectContaining({ revision }))) });
    const left = new Set(await keysOf(site, ""));
    const isOrphan = (key: string): boolean => orphans.some((name) => key.includes(`/r/${name}/`));
    expect(old.filter((key) => !left.has(key)).every(isOrphan)).toBe(true);
    expect([...left].filter(isOrphan)).toStrictEqual([]);

    expect((await live).problems).toStrictEqual([]);
    await expectPlays("a", shown[2] ?? resumed);
    await expectPlays("killed", resumed);
    await expectPlays("live", await publishedAt(site, "live"));
    expect(await answer(["rollback", "a"])).toMatchObject({ to: shown[1]?.revision });
    await expectPlays("a", shown[1] ?? resumed);

    later.by(31 * DAY_SECONDS);
    expect(await gc("--older-than", "60d")).toMatchObject({ revisions: [], claims: expect.any(Number) });
    expect(await keysOf(site, "claims/", "state")).toStrictEqual([]);
    expect(await ladderd(["gc", "--older-than", "1h"])).toMatchObject({ exitCode: 64 });
  },
);

test("fault 7: a worker collects garbage itself where it is told to, and counts it", { timeout: 240_000 }, async () => {
  await using later = await startLater(site.aws.endpoint);
  later.by(2 * DAY_SECONDS);
  const Key = "gone/r/20260102T030405-00000001/v180/init.mp4";
  await site.s3.send(new PutObjectCommand({ Bucket: "published", Key, Body: "x" }));
  await using sweeper = await startDaemon({
    env: {
      ...site.daemonEnv("sweeper"),
      ...{ AWS_ENDPOINT_URL: later.endpoint, LADDERD_QUEUE_URL: await makeQueue(site, "sweeper", 30) },
      ...{ LADDERD_GC_EVERY_HOURS: "24", NODE_OPTIONS: `--import=${HASTY_PRELOAD}` },
    },
  });
  // The tests before this one left garbage, too.
  await until("it is gone", async () => ((await keysOf(site, "gone/")).length === 0 ? true : undefined), 60_000);
  const deleted = async (): Promise<number> => (await metricsOf(sweeper.url)).get("ladderd_orphan_objects_deleted_total") ?? 0;
  await until("it is counted", async () => ((await deleted()) > 0 ? true : undefined));
  const told = await until("it says so", () => logged(sweeper, { msg: "garbage collected" })[0]);
  expect(told).toMatchObject({ objects: expect.any(Number), revisions: expect.any(Number) });
});
