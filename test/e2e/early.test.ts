import { chmod, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findProgram } from "../../src/config/programs.ts";
import { makeClip } from "../support/clips.ts";
import { closeCleanly } from "../support/close-cleanly.ts";
import { crawlDash, crawlHls } from "../support/crawl.ts";
import type { Daemon } from "../support/daemon.ts";
import { logged, startDaemon } from "../support/daemon.ts";
import { decodeComplaints } from "../support/decode.ts";
import { metricsOf } from "../support/metrics.ts";
import { assetAt, keysOf, publishedAt } from "../support/published.ts";
import { untilEmpty } from "../support/queue.ts";
import type { Site } from "../support/site.ts";
import { openSite, uploadFile } from "../support/site.ts";

const ASSET = "early/film";
let site: Site;
let daemon: Daemon;

/** An ffmpeg that holds the encode of the largest rung back until the file at `gate` is there. */
async function gatedFfmpeg(gate: string): Promise<string> {
  const path = site.path("ffmpeg");
  const hold = `case "$*" in *v480.pipe*) while [ ! -e '${gate}' ]; do sleep 0.1; done;; esac`;
  await writeFile(path, `#!/bin/sh\n${hold}\nexec ${findProgram("ffmpeg", process.env["PATH"]) ?? "ffmpeg"} "$@"\n`);
  await chmod(path, 0o755);
  return path;
}

beforeAll(async () => {
  site = await openSite("early");
  const env = {
    ...site.daemonEnv("work"),
    LADDERD_EARLY_PUBLISH: "true",
    LADDERD_PER_TITLE: "false",
    // The gate waits for a file beside itself.
    LADDERD_SANDBOX: "off",
    LADDERD_FFMPEG_PATH: await gatedFfmpeg(site.path("gate")),
  };
  daemon = await startDaemon({ env });
  const clip = await makeClip(site.path("film.mp4"), { size: "852x480", rate: "6", seconds: 20 });
  await uploadFile(site, clip, { key: `${ASSET}.mp4` });
});

afterAll(() => closeCleanly(site, daemon));

const urlOf = (file: string): string => `${site.origin.url}/${ASSET}/${file}`;

/** The sizes that play over HLS and over DASH, every URI of both fetched. */
async function sizesThatPlay(): Promise<{ readonly hls: readonly string[]; readonly dash: readonly string[] }> {
  const [hls, dash] = [await crawlHls(urlOf("index.m3u8")), await crawlDash(urlOf("index.mpd"))];
  for (const { url, status } of [...hls.visits, ...dash.visits]) expect([url, status < 300]).toEqual([url, true]);
  for (const file of ["index.m3u8", "index.mpd"]) expect([file, await decodeComplaints(urlOf(file))]).toEqual([file, ""]);
  return {
    hls: hls.multivariant.variants.flatMap(({ attributes }) => attributes.get("RESOLUTION") ?? []).toSorted(),
    dash: dash.mpd.representations
      .filter(({ contentType }) => contentType === "video")
      .map(({ width, height }) => `${width}x${height}`)
      .toSorted(),
  };
}

describe("an upload to a worker that publishes early", () => {
  it("plays in its smallest sizes before the rest is encoded, and then in all of them", async () => {
    const early = await publishedAt(site, ASSET);
    expect(early.complete).toBe(false);
    const small = ["426x240", "640x360"];
    expect(await sizesThatPlay()).toEqual({ hls: small, dash: small });
    const keys = await keysOf(site, `${ASSET}/r/${early.revision}/`);
    expect((await assetAt(site, ASSET))?.revision).toBe(early.revision);

    await writeFile(site.path("gate"), "");
    const full = await publishedAt(site, ASSET, { not: early.revision });
    expect(full.complete).toBeUndefined();
    const all = [...small, "852x480"];
    expect(await sizesThatPlay()).toEqual({ hls: all, dash: all });
    expect(await keysOf(site, `${ASSET}/r/${early.revision}/`)).toEqual(keys);
    await untilEmpty(site);
    expect((await assetAt(site, ASSET))?.revision).toBe(full.revision);
  });

  it("says when each of them was there", async () => {
    expect(logged(daemon, { msg: "revision published" })).toMatchObject([{ set: "early" }, { set: "full" }]);
    const metrics = await metricsOf(daemon.url);
    expect(metrics.get('ladderd_published_total{kind="early"}')).toBe(1);
    expect(metrics.get('ladderd_published_total{kind="full"}')).toBe(1);
    expect(metrics.get("ladderd_first_playable_seconds_count")).toBe(1);
    const first = metrics.get("ladderd_first_playable_seconds_sum") ?? Number.NaN;
    expect(first).toBeLessThan(metrics.get("ladderd_time_to_publish_seconds_sum") ?? 0);
  });
});
