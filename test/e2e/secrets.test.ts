import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeClip } from "../support/clips.ts";
import { closeCleanly } from "../support/close-cleanly.ts";
import type { Daemon } from "../support/daemon.ts";
import { logged, startDaemon } from "../support/daemon.ts";
import { TEST_BUCKETS } from "../support/embedded-aws.ts";
import { keysOf, publishedAt, textOf } from "../support/published.ts";
import { send, untilEmpty } from "../support/queue.ts";
import type { Site } from "../support/site.ts";
import { openSite, uploadFile } from "../support/site.ts";
import { until } from "../support/until.ts";

const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: "AKIAQWERTYUIOPASDFGH",
  AWS_SECRET_ACCESS_KEY: "tops3cret/of+the/worker",
  AWS_SESSION_TOKEN: "tops3cretToken",
};
const SIGNATURE = "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e";
const SIGNED = `https://uploads.s3.amazonaws.com/a.mp4?X-Amz-Credential=ASIA&X-Amz-Signature=${SIGNATURE}`;

let site: Site;
let daemon: Daemon;

beforeAll(async () => {
  site = await openSite("secrets");
  daemon = await startDaemon({ env: { ...site.daemonEnv("work"), ...CREDENTIALS, LADDERD_LOG_LEVEL: "trace" } });
  await makeClip(site.path("film.mp4"), { seconds: 1, size: "320x180" });
  await writeFile(site.path("text.mp4"), `look at ${SIGNED}\n`.repeat(50));
  await uploadFile(site, site.path("film.mp4"), { key: "film.mp4" });
  await publishedAt(site, "film");
  // What can be told wrong: the content, the key, the ladder, the body of a message that is none.
  await uploadFile(site, site.path("text.mp4"), { key: "text.mp4" });
  await send(site, { ladderd: 1, source: { bucket: TEST_BUCKETS.uploads, key: SIGNED } });
  await send(site, { ladderd: 1, source: { bucket: TEST_BUCKETS.uploads, key: "film.mp4" }, ladder: SIGNED });
  await send(site, `{"ladderd":1,"source":"${SIGNED}"`);
  await until("all four are rejected", () =>
    logged(daemon, { outcome: "rejected", msg: "message settled" }).length >= 4 ? true : undefined,
  );
  await untilEmpty(site);
});
afterAll(() => closeCleanly(site, daemon));

/** All that the worker says to anybody. */
async function said(): Promise<ReadonlyMap<string, string>> {
  const pages = ["/metrics", "/api/jobs", "/healthz", "/readyz", "/"].map(
    async (path) => [path, await (await fetch(daemon.url + path)).text()] as const,
  );
  return new Map([["log", JSON.stringify(daemon.log())], ["stderr", daemon.stderr()], ...(await Promise.all(pages))]);
}

test("neither log nor page names a credential of the worker, or the signature of a URL", async () => {
  for (const [place, text] of await said()) {
    for (const secret of [...Object.values(CREDENTIALS), SIGNATURE]) expect([place, text.includes(secret)]).toStrictEqual([place, false]);
  }
  expect(daemon.log().length).toBeGreaterThan(20);
});

test("nothing that is kept or published names a credential of the worker", async () => {
  for (const bucket of [TEST_BUCKETS.publish, TEST_BUCKETS.state]) {
    const keys = (await keysOf(site, "", bucket)).filter((key) => /\.(?:json|m3u8|mpd|vtt)$/.test(key));
    expect(keys.length).toBeGreaterThan(3);
    for (const key of keys) {
      const text = (await textOf(site, key, bucket)) ?? "";
      for (const secret of Object.values(CREDENTIALS)) expect([key, text.includes(secret)]).toStrictEqual([key, false]);
    }
  }
});
