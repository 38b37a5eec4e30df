import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FakeMediaConvert } from "../../src/cli/dev/engines/mediaconvert/service.ts";
import { KEY_SUFFIXES } from "../../src/packaging/key-playlists.ts";
import { makeClip } from "../support/clips.ts";
import { closeCleanly } from "../support/close-cleanly.ts";
import { crawlDash, crawlHls, crawlMedia } from "../support/crawl.ts";
import type { Daemon } from "../support/daemon.ts";
import { startDaemon } from "../support/daemon.ts";
import { startTestMediaConvert } from "../support/fake-mediaconvert.ts";
import { metricsOf } from "../support/metrics.ts";
import { keysOf, publishedAt } from "../support/published.ts";
import { makeQueue, untilEmpty } from "../support/queue.ts";
import type { Site } from "../support/site.ts";
import { openSite, uploadFile } from "../support/site.ts";
import { TEST_BUCKETS } from "../support/embedded-aws.ts";
import { until } from "../support/until.ts";

let site: Site;
let service: FakeMediaConvert;
let daemon: Daemon;

beforeAll(async () => {
  site = await openSite("managed");
  const eventsQueueUrl = await makeQueue(site, "engine-events", 30);
  service = await startTestMediaConvert(site.aws, { eventsQueueUrl });
  daemon = await startDaemon({
    env: {
      ...site.daemonEnv("work"),
      AWS_ENDPOINT_URL_MEDIACONVERT: service.url,
      LADDERD_EVENTS_QUEUE_URL: eventsQueueUrl,
      LADDERD_ENGINES: "mediaconvert,ffmpeg",
      LADDERD_MEDIACONVERT_ROLE: "arn:aws:iam::111122223333:role/MediaConvert",
      LADDERD_REMOTE_SWEEP_EVERY_SECONDS: "2",
      LADDERD_COMPAT_OUTPUT_LAYOUT: "elastic-transcoder",
    },
  });
}, 180_000);

afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await closeCleanly(site, daemon);
});

/** Where the film plays, every segment of it, when no record of a remote job is left. */
async function playing(assetPath: string) {
  const asset = await publishedAt(site, assetPath);
  const url = `${site.origin.url}/${assetPath}/`;
  await crawlHls(`${url}index.m3u8`);
  await crawlDash(`${url}index.mpd`);
  await untilEmpty(site);
  await until("the remote job is settled", async () => {
    const records = await keysOf(site, "jobs/remote/", TEST_BUCKETS.state);
    return records.length === 0 ? true : undefined;
  });
  return asset;
}

describe("a daemon whose first engine is MediaConvert", () => {
  it("publishes what the service made, with one remote job and no message held", async () => {
    const clip = await makeClip(site.path("clip.mp4"), { seconds: 3 });
    await uploadFile(site, clip, { key: "films/one.mp4" });
    const asset = await playing("films/one");
    expect(asset).toMatchObject({ engine: "mediaconvert", durationSeconds: 3 });
    expect(service.jobs()).toHaveLength(1);
    const names = await keysOf(site, "films/one/r/");
    expect(names.filter((name) => /index_|\.cmf[va]$/.test(name))).toStrictEqual([]);
    expect(Object.keys(asset.keys ?? {})).toEqual(
      expect.arrayContaining(asset.renditions.flatMap(({ id, kind }) => (kind === "video" ? [id] : []))),
    );
    for (const suffix of KEY_SUFFIXES) {
      const { visits } = await crawlMedia(`${site.origin.url}/films/one/${asset.renditions[0]?.id}${suffix}`);
      expect(visits.map(({ status, contentType }) => [status < 300, contentType])).toEqual([
        [true, "application/vnd.apple.mpegurl"],
        ...visits.slice(1).map(() => [true, "video/mp2t"]),
      ]);
    }
    const metrics = await metricsOf(daemon.url);
    expect(metrics.get('ladderd_engine_chosen_total{engine="mediaconvert",reason="first"}')).toBe(1);
    expect(metrics.get('ladderd_engine_circuit{engine="mediaconvert",state="closed"}')).toBe(1);
  }, 180_000);
});
