import { stat } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { buildInto } from "../support/build.ts";
import { makeClip, padClip } from "../support/clips.ts";
import { closeCleanly } from "../support/close-cleanly.ts";
import type { Daemon } from "../support/daemon.ts";
import { startDaemon } from "../support/daemon.ts";
import { metricsOf } from "../support/metrics.ts";
import { residentMemory } from "../support/processes.ts";
import { publishedAt } from "../support/published.ts";
import type { Site } from "../support/site.ts";
import { openSite, uploadFile } from "../support/site.ts";
import { until } from "../support/until.ts";

const SOURCE_BYTES = 300e6;
const LIMIT_BYTES = 150e6;

const board = z.object({
  running: z.array(z.object({ sourceKey: z.string(), stage: z.string().optional(), fraction: z.number().optional() })),
  ended: z.array(z.object({ sourceKey: z.string(), outcome: z.string() })),
});

let site: Site;
let daemon: Daemon;

beforeAll(async () => {
  site = await openSite("memory");
  const main = await buildInto(site.path("build"));
  daemon = await startDaemon({ env: { NODE_ENV: "production", ...site.daemonEnv("work") }, main, cwd: site.path("build") });
});

afterAll(() => closeCleanly(site, daemon));

it("the built daemon takes sources of 300 MB through within 150 MB of its own, and answers for itself meanwhile", async () => {
  await makeClip(site.path("small.mp4"), { seconds: 13 });
  const { size: fromBytes } = await stat(site.path("small.mp4"));
  await padClip(site.path("small.mp4"), site.path("large.mp4"), { fromBytes, toBytes: SOURCE_BYTES });
  await uploadFile(site, site.path("large.mp4"), { key: "first.mp4" });

  const jobs = async () => board.parse(await (await fetch(`${daemon.url}/api/jobs`)).json());
  const [job] = await until("the encode runs", async () => {
    const { running } = await jobs();
    return running[0]?.stage === "encode" ? running : undefined;
  });
  expect(job).toMatchObject({ sourceKey: "first.mp4", stage: "encode" });
  for (const path of ["/healthz", "/readyz", "/metrics", "/"]) expect([path, (await fetch(daemon.url + path)).status]).toEqual([path, 200]);
  expect((await metricsOf(daemon.url)).get('ladderd_jobs_in_progress{phase="encode"}')).toBe(1);

  // What is not freed after one job shows with the next.
  await uploadFile(site, site.path("large.mp4"), { key: "second.mp4" });
  for (const assetPath of ["first", "second"]) expect((await publishedAt(site, assetPath)).source.sizeBytes).toBe(SOURCE_BYTES);
  await expect
    .poll(async () => (await jobs()).ended)
    .toEqual(["second.mp4", "first.mp4"].map((sourceKey) => ({ sourceKey, outcome: "published" })));
  for (let scrape = 0; scrape < 20; scrape += 1) await metricsOf(daemon.url);
  const { bytes, peakBytes } = await residentMemory(daemon.pid);
  expect(bytes).toBeGreaterThan(0);
  expect(peakBytes).toBeLessThanOrEqual(LIMIT_BYTES);
});
