import { PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "vitest";
import { z } from "zod";
import { KEY_SUFFIXES } from "../../src/packaging/key-playlists.ts";
import { makeClip } from "./clips.ts";
import { closeCleanly } from "./close-cleanly.ts";
import { crawlHls, crawlMedia } from "./crawl.ts";
import type { Daemon } from "./daemon.ts";
import { startDaemon } from "./daemon.ts";
import { TEST_BUCKETS } from "./embedded-aws.ts";
import { metricsOf } from "./metrics.ts";
import type { Asset } from "./published.ts";
import { keysOf, publishedAt, textOf } from "./published.ts";
import { makeQueue, send, untilEmpty } from "./queue.ts";
import type { Site } from "./site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "./site.ts";
import { until } from "./until.ts";

/** Above it a remote job is given up. */
const MAXIMUM_AGE_SECONDS = 3600;
const SETTLED_MS = 60_000;

/** A service of our own, and what a worker's environment says of it. */
export interface Managed<Service> {
  readonly service: Service;
  readonly env: Readonly<Record<string, string>>;
}

/** A worker with a managed engine, and ffmpeg after it, that polls and tries again every second. */
export interface ManagedSite<Service> extends AsyncDisposable {
  readonly site: Site;
  readonly daemon: Daemon;
  readonly service: Service;
  /** Asks for the one source at this path; resolves to the id of the message. */
  order(assetPath: string, changes?: object): Promise<string>;
  /** Waits until one job is at the service and noted. */
  submitted(): Promise<void>;
  records(): Promise<readonly string[]>;
  /** The one job that is at the service was submitted so long ago that it is too old. */
  makeTooOld(): Promise<void>;
  /** Of the engine's circuit: 1 for the state that it is in. */
  circuit(engine: string, state: string): Promise<number | undefined>;
  /** Which playlists of a key are at the film's address and lead to segments that are all there, by what follows the key. */
  answering(assetPath: string, key: string | undefined): Promise<readonly string[]>;
  /** Plays in the end what one attempt published, and nothing else is left: no other revision, no record, no message. */
  publishedOnce(assetPath: string): Promise<Asset>;
}

/** Starts all of it, with a clip of two seconds in the quiet bucket. */
export async function openManagedSite<Service extends AsyncDisposable>(
  name: string,
  start: (site: Site, eventsQueueUrl: string) => Promise<Managed<Service>>,
): Promise<ManagedSite<Service>> {
  const site = await openSite(name);
  const eventsQueueUrl = await makeQueue(site, "engine-events", 30);
  const clip = await makeClip(site.path("clip.mp4"), { seconds: 2, size: "320x180" });
  await uploadFile(site, clip, { bucket: QUIET_BUCKET, key: "clip.mp4" });
  const { service, env } = await start(site, eventsQueueUrl);
  const daemon = await startDaemon({
    env: {
      ...site.daemonEnv("work"),
      LADDERD_EVENTS_QUEUE_URL: eventsQueueUrl,
      LADDERD_PER_TITLE: "false",
      LADDERD_CIRCUIT_OPEN_SECONDS: "1",
      LADDERD_REMOTE_SWEEP_EVERY_SECONDS: "1",
      LADDERD_REMOTE_POLL_AFTER_SECONDS: "1",
      LADDERD_REMOTE_MAXIMUM_AGE_SECONDS: `${MAXIMUM_AGE_SECONDS}`,
      ...env,
    },
  });
  const records = (): Promise<readonly string[]> => keysOf(site, "jobs/remote/", TEST_BUCKETS.state);
  const untilRecords = async (count: number): Promise<void> =>
    void (await until(`${count} jobs are at the service`, async () => ((await records()).length === count ? true : undefined), SETTLED_MS));
  return {
    ...{ site, daemon, service, records },
    order: (assetPath, changes = {}) =>
      send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: "clip.mp4" }, assetPath, ...changes }),
    submitted: () => untilRecords(1),
    makeTooOld: async () => {
      const [Key = ""] = await records();
      const record: unknown = JSON.parse((await textOf(site, Key, TEST_BUCKETS.state)) ?? "");
      const submittedAt = new Date(Date.now() - 2 * MAXIMUM_AGE_SECONDS * 1000).toISOString();
      const Body = JSON.stringify({ ...z.looseObject({}).parse(record), submittedAt });
      await site.s3.send(new PutObjectCommand({ Bucket: TEST_BUCKETS.state, Key, Body }));
    },
    circuit: async (engine, state) => (await metricsOf(daemon.url)).get(`ladderd_engine_circuit{engine="${engine}",state="${state}"}`),
    answering: async (assetPath, key) => {
      const crawled = KEY_SUFFIXES.map(async (suffix) => {
        const { visits } = await crawlMedia(`${site.origin.url}/${assetPath}/${key}${suffix}`).catch(() => ({ visits: [] }));
        const isWhole =
          visits.length > 1 && visits.every(({ status, bytes, wantedBytes = bytes }) => status < 300 && bytes === wantedBytes);
        return isWhole ? [suffix] : [];
      });
      return (await Promise.all(crawled)).flat();
    },
    publishedOnce: async (assetPath) => {
      await publishedAt(site, assetPath);
      await untilRecords(0);
      await untilEmpty(site);
      await crawlHls(`${site.origin.url}/${assetPath}/index.m3u8`);
      const asset = await publishedAt(site, assetPath);
      expect(asset.previous).toBeUndefined();
      const keys = await keysOf(site, `${assetPath}/r/`);
      expect(keys.filter((key) => !key.startsWith(`${assetPath}/r/${asset.revision}/`))).toStrictEqual([]);
      return asset;
    },
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]();
      await closeCleanly(site, daemon);
    },
  };
}
