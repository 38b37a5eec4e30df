import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Failpoint, FailpointName } from "../../src/lifecycle/failpoint.ts";
import { FAILPOINTS, REMOTE_POINTS, STAGE_POINTS } from "../../src/lifecycle/failpoint.ts";
import { makeClip } from "../support/clips.ts";
import { closeCleanly } from "../support/close-cleanly.ts";
import { logged } from "../support/daemon.ts";
import type { FailpointResult } from "../support/failpoints.ts";
import { runAtFailpoint } from "../support/failpoints.ts";
import { assetAt, failuresOf, keysOf, publishedAt } from "../support/published.ts";
import type { Site } from "../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../support/site.ts";

/** Two segments: one goes up while the other is encoded. */
const FILM_SECONDS = 8;
let site: Site;

beforeAll(async () => {
  site = await openSite("crash");
  await makeClip(site.path("film.mp4"), { size: "320x180", seconds: FILM_SECONDS });
  await uploadFile(site, site.path("film.mp4"), { bucket: QUIET_BUCKET, key: "film.mp4" });
  await writeFile(site.path("text.mp4"), "no film at all\n".repeat(500));
  await uploadFile(site, site.path("text.mp4"), { bucket: QUIET_BUCKET, key: "text.mp4" });
});
afterAll(() => closeCleanly(site, undefined));

const orderOf = (key: string, assetPath: string): object => ({ ladderd: 1, source: { bucket: QUIET_BUCKET, key }, assetPath });
const isOf =
  (...places: readonly string[]) =>
  (name: FailpointName) =>
    places.includes(name.replace(/^(?:before|after)-/, ""));

/** Not shown here: a job of this kind has no key, nothing to build on and nothing to throw away, so it never comes to these. */
const ELSEWHERE = (name: FailpointName): boolean => isOf("key", "copy", "discard")(name) || REMOTE_POINTS.some((point) => point === name);
/** Only a source that is given up comes to these. */
const REJECTION = isOf("failure", "dead-letter");
/** Only a message that waits for another one's attempt comes to these. */
const WAITING = isOf("release");
const ORDINARY = FAILPOINTS.filter((name) => !ELSEWHERE(name) && !REJECTION(name) && !WAITING(name));

const at = (name: FailpointName, action: Failpoint["action"]): Failpoint => ({ name, passing: 1, action });
const pathOf = ({ name, action }: Failpoint): string => `${action}-${name}`;

/** All that must be true of a film whose worker came to grief, whatever the point. */
async function expectPublishedOnce(
  { problems, children, folders, last }: FailpointResult,
  assetPath: string,
  isSettled = false,
): Promise<void> {
  expect({ problems, children, folders }).toEqual({ problems: [], children: [], folders: [] });
  const asset = await publishedAt(site, assetPath);
  expect(asset.durationSeconds).toBe(FILM_SECONDS);
  // A second commit would name the first.
  expect(asset.previous).toBeUndefined();
  // Once the message is deleted there is nothing left for the next one.
  const outcomes = logged(last, { msg: "message settled" }).map(({ outcome }) => outcome);
  expect(outcomes.join()).toMatch(isSettled ? /^$/ : /^(?:published|duplicate)$/);
}

describe("kill -9 (fault 2, fault 3, fault 4, fault 5, fault 7, fault 8, fault 9, fault 10, fault 11, fault 19)", () => {
  it.concurrent.each(ORDINARY)("%s has its film published once by the next one", async (name) => {
    const failpoint = at(name, "kill");
    const assetPath = pathOf(failpoint);
    const result = await runAtFailpoint(site, { failpoint, assetPath, body: orderOf("film.mp4", assetPath) });
    await expectPublishedOnce(result, assetPath, name === "after-delete");
  });

  it.concurrent.each(FAILPOINTS.filter(REJECTION))("%s has its bad source given up by the next one", async (name) => {
    const failpoint = at(name, "kill");
    const assetPath = pathOf(failpoint);
    const { problems, children, folders } = await runAtFailpoint(site, { failpoint, assetPath, body: orderOf("text.mp4", assetPath) });
    expect({ problems, children, folders }).toEqual({ problems: [], children: [], folders: [] });
    expect(await keysOf(site, `${assetPath}/`)).toEqual([]);
    const records = (await failuresOf(site)).filter(({ body }) => body.includes(assetPath));
    expect(records.map(({ code }) => code)).toEqual(["source_not_media"]);
  });

  it.concurrent.each(FAILPOINTS.filter(WAITING))("%s of a message that waits for another one's job loses neither", async (name) => {
    const failpoint = at(name, "kill");
    const assetPath = pathOf(failpoint);
    const run = { failpoint, assetPath, body: orderOf("film.mp4", assetPath), copies: 2, settings: { LADDERD_CONCURRENCY: "2" } };
    const { problems, children, folders } = await runAtFailpoint(site, run);
    expect({ problems, children, folders }).toEqual({ problems: [], children: [], folders: [] });
    expect((await publishedAt(site, assetPath)).previous).toBeUndefined();
  });
});

const STAGES_REACHED = STAGE_POINTS.filter((name) => !ELSEWHERE(name));

describe("one SIGTERM (fault 13, fault 14, fault 16)", () => {
  it.concurrent.each(STAGES_REACHED)("%s finishes what it does and ends with 0", async (name) => {
    const failpoint = at(name, "term");
    const assetPath = pathOf(failpoint);
    await expectPublishedOnce(await runAtFailpoint(site, { failpoint, assetPath, body: orderOf("film.mp4", assetPath) }), assetPath);
  });
});

describe("fault 28: SIGSTOP until the lease is over, then SIGCONT", () => {
  it.concurrent.each(STAGES_REACHED)("%s changes nothing of what another one published", async (name) => {
    const failpoint = at(name, "stop");
    const assetPath = pathOf(failpoint);
    const result = await runAtFailpoint(site, { failpoint, assetPath, body: orderOf("film.mp4", assetPath) });
    await expectPublishedOnce(result, assetPath);
    const { revision } = (await assetAt(site, assetPath)) ?? {};
    const copies = (await keysOf(site, `${assetPath}/r/`)).filter((key) => key.endsWith("/pointer.m3u8"));
    expect(copies).toContain(`${assetPath}/r/${revision}/pointer.m3u8`);
  });
});
