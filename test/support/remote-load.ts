import { setTimeout as sleep } from "node:timers/promises";
import { jobProgress } from "../../src/cli/dev/engines/mediaconvert/events.ts";
import type { FakeMediaConvert } from "../../src/cli/dev/engines/mediaconvert/service.ts";
import type { TimedCall } from "../../src/cli/dev/engines/runtime.ts";
import type { Quota } from "../../src/engines/token-bucket.ts";
import { closeCleanly } from "./close-cleanly.ts";
import { TEST_BUCKETS } from "./embedded-aws.ts";
import { startTestMediaConvert } from "./fake-mediaconvert.ts";
import type { Member, Stats } from "./fleet.ts";
import { putSource, SOURCE_KEY, startFleet } from "./fleet.ts";
import { metricsOf } from "./metrics.ts";
import { assetAt, keysOf, publishedAt } from "./published.ts";
import { countOf, makeQueue, send } from "./queue.ts";
import type { Site } from "./site.ts";
import { openSite, QUIET_BUCKET } from "./site.ts";

export interface RemoteLoadOptions {
  /** All of them are at the service at one time. */
  readonly jobs: number;
  /** What the worker is told that it may submit, and what it may ask beside that. */
  readonly submits: Quota;
  readonly reads: Quota;
}

export interface RemoteLoadResult {
  /** For all to be submitted, for one event of each to be taken, and from the end of the first to the publish of the last. */
  readonly seconds: { readonly submit: number; readonly events: number; readonly finish: number };
  /** Of the worker: before the first job, with all of them at the service, and when all are published. */
  readonly memory: { readonly start: Stats; readonly full: Stats; readonly end: Stats };
  /** At the service. */
  readonly calls: readonly TimedCall[];
  readonly remoteJobs: number;
  /** Asset paths that should be published, and how often each was. */
  readonly commits: ReadonlyMap<string, number>;
}

const SLOTS = 4;
/** The others wait at the service. */
const WORKING_AT_ONCE = 20;
const LOOK_AGAIN_MS = 250;
/** So many are sent within it. */
const SENT_MS = 10;
/** A message that is given back for any reason comes again within the time of a run. */
const VISIBILITY_SECONDS = 60;

/** Keeps so many jobs at one service by one worker, whose media programs replay; the service copies what it encoded once. */
export async function remoteLoad(options: RemoteLoadOptions): Promise<RemoteLoadResult> {
  const site = await openSite("remote-load", { visibilitySeconds: VISIBILITY_SECONDS });
  let members: readonly Member[] = [];
  let service: FakeMediaConvert | undefined;
  try {
    await putSource(site);
    const eventsQueueUrl = await makeQueue(site, "engine-events", VISIBILITY_SECONDS);
    service = await startTestMediaConvert(site.aws, { eventsQueueUrl, fast: true, concurrentJobs: WORKING_AT_ONCE });
    const settings = settingsOf(options, { url: service.url, eventsQueueUrl });
    members = await startFleet(site, { size: 1, slots: SLOTS, settings });
    const [worker] = members;
    if (!worker) throw new Error("no worker");
    return await run(options, { site, service, worker });
  } finally {
    await service?.[Symbol.asyncDispose]();
    await closeCleanly(site, ...members.map(({ daemon }) => daemon));
  }
}

const settingsOf = ({ submits, reads }: RemoteLoadOptions, { url, eventsQueueUrl }: { url: string; eventsQueueUrl: string }) => ({
  AWS_ENDPOINT_URL_MEDIACONVERT: url,
  LADDERD_EVENTS_QUEUE_URL: eventsQueueUrl,
  LADDERD_ENGINES: "mediaconvert",
  LADDERD_PER_TITLE: "false",
  LADDERD_MEDIACONVERT_ROLE: "arn:aws:iam::111122223333:role/MediaConvert",
  LADDERD_MEDIACONVERT_SUBMITS_PER_SECOND: `${submits.perSecond}`,
  LADDERD_MEDIACONVERT_SUBMIT_BURST: `${submits.burst}`,
  LADDERD_MEDIACONVERT_READS_PER_SECOND: `${reads.perSecond}`,
  LADDERD_MEDIACONVERT_READ_BURST: `${reads.burst}`,
  LADDERD_REMOTE_SWEEP_EVERY_SECONDS: "10",
  LADDERD_REMOTE_POLL_AFTER_SECONDS: "30",
});

interface Running {
  readonly site: Site;
  readonly service: FakeMediaConvert;
  readonly worker: Member;
}

async function run({ jobs }: RemoteLoadOptions, { site, service, worker }: Running): Promise<RemoteLoadResult> {
  // What is made once for all, here and at the service, is made for a job of its own.
  await order(site, "first");
  await publishedAt(site, "first");
  const start = await worker.stats();
  service.switches.stall = "progressing";
  const paths = Array.from({ length: jobs }, (_, index) => `remote/${index}`);
  const submit = await secondsOf(async () => {
    for (const path of paths) await order(site, path);
    await when(async () => service.jobs().length > jobs && (await isEmpty(site)));
  });
  const full = await worker.stats();
  const deletedBefore = await countOn(worker, DELETED);
  const events = await secondsOf(async () => {
    for (const [index, { id }] of service.jobs().slice(1).entries()) {
      service.announce(id, "STATUS_UPDATE", jobProgress(10, 10));
      if (index % WORKING_AT_ONCE === 0) await sleep(SENT_MS);
    }
    await when(async () => (await countOn(worker, DELETED)) - deletedBefore >= jobs);
  });
  const finish = await secondsOf(async () => {
    service.switches.stall = undefined;
    await when(async () => (await countOn(worker, PUBLISHED)) > jobs);
    await when(async () => (await recordsOf(site)).length === 0);
  });
  return {
    seconds: { submit, events, finish },
    memory: { start, full, end: await worker.stats() },
    ...{ calls: service.timedCalls(), remoteJobs: service.jobs().length - 1, commits: await commitsOf(site, paths) },
  };
}

const order = (site: Site, assetPath: string): Promise<string> =>
  send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: SOURCE_KEY }, assetPath });

const recordsOf = (site: Site): Promise<readonly string[]> => keysOf(site, "jobs/remote/", TEST_BUCKETS.state);

/** Messages of both queues. */
const DELETED = 'ladderd_aws_requests_total{service="sqs",operation="DeleteMessage",result="ok"}';
const PUBLISHED = 'ladderd_published_total{kind="full"}';

const countOn = async ({ daemon }: Member, metric: string): Promise<number> => (await metricsOf(daemon.url)).get(metric) ?? 0;

async function isEmpty(site: Site): Promise<boolean> {
  const { visible, hidden } = await countOf(site);
  return visible + hidden === 0;
}

async function when(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(LOOK_AGAIN_MS);
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** How often each was published by the service; a second commit names the first. */
async function commitsOf(site: Site, paths: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const commits = new Map<string, number>();
  for (const path of paths) {
    const asset = await assetAt(site, path);
    commits.set(path, asset?.engine === "mediaconvert" ? 1 + Number(asset.previous !== undefined) : 0);
  }
  return commits;
}

/** What is sent late is sent closer to what follows it. */
const LATE_MS = 1000;

/** The calls of a kind in the window that holds most of them beside what the quota gives for it: 1 is all of it. */
export function fullestWindow(calls: readonly TimedCall[], { perSecond, burst }: Quota): number {
  const shares = calls.flatMap(({ atMs }, first) =>
    calls.slice(first).map((last, more) => (more + 1) / (burst + (perSecond * (last.atMs - atMs + LATE_MS)) / 1000)),
  );
  return shares.reduce((most, share) => Math.max(most, share), 0);
}

export const isSubmit = ({ operation }: TimedCall): boolean => operation === "CreateJob";

/** What was lost, done twice, or asked for too fast; empty when nothing was. */
export function faultsOfRemoteLoad(
  { calls, commits, remoteJobs }: RemoteLoadResult,
  { jobs, submits, reads }: RemoteLoadOptions,
): readonly string[] {
  const wrong = [...commits].filter(([, count]) => count !== 1);
  const isRead = (call: TimedCall): boolean => !isSubmit(call);
  return [
    ...wrong.map(([path, count]) => `${path} was published ${count} times`),
    ...(remoteJobs === jobs ? [] : [`${remoteJobs} remote jobs for ${jobs} jobs`]),
    ...(fullestWindow(calls.filter(isSubmit), submits) <= 1 ? [] : ["jobs were submitted faster than the quota"]),
    ...(fullestWindow(calls.filter(isRead), reads) <= 1 ? [] : ["other requests came faster than the quota"]),
  ];
}
