import { cp, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Failpoint, FailpointName } from "../../src/lifecycle/failpoint.ts";
import { KEY, KEY_ID, anEncryption } from "../helpers/encryption.ts";
import { makeClip } from "../support/clips.ts";
import { closeCleanly } from "../support/close-cleanly.ts";
import { KEYED, ORDINARY, REJECTION, WAITING, isFrozen, isToldToStop } from "../support/crash-points.ts";
import { logged } from "../support/daemon.ts";
import type { FailpointResult, FailpointRun } from "../support/failpoints.ts";
import { runAtFailpoint } from "../support/failpoints.ts";
import { assetAt, failuresOf, keysOf, publishedAt } from "../support/published.ts";
import type { Site } from "../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../support/site.ts";

const ROOT = resolve(import.meta.dirname, "../..");
/** Two segments: one goes up while the other is encoded. */
const FILM_SECONDS = 8;
let site: Site;
/** The entry of a checkout whose ladder is encrypted. */
let protecting: string;

beforeAll(async () => {
  site = await openSite("crash");
  await makeClip(site.path("film.mp4"), { size: "320x180", seconds: FILM_SECONDS });
  await uploadFile(site, site.path("film.mp4"), { bucket: QUIET_BUCKET, key: "film.mp4" });
  await writeFile(site.path("text.mp4"), "no film at all\n".repeat(500));
  await uploadFile(site, site.path("text.mp4"), { bucket: QUIET_BUCKET, key: "text.mp4" });
  protecting = await protectedCheckout(site.path("protecting"));
});
afterAll(() => closeCleanly(site, undefined));

/** Copies what runs of this checkout; its quick ladder demands a key, which its environment has. */
async function protectedCheckout(folder: string): Promise<string> {
  for (const name of ["src", "config", "package.json"]) await cp(join(ROOT, name), join(folder, name), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const encryption = anEncryption({ keySource: { kind: "secret", reference: "env:CONTENT_KEY" } });
  const ladder = join(folder, "config/ladders/h264-fast.json");
  await writeFile(ladder, JSON.stringify({ ...z.looseObject({}).parse(JSON.parse(await readFile(ladder, "utf8"))), encryption }));
  return join(folder, "src/main.ts");
}

const orderOf = (key: string, assetPath: string): object => ({ ladderd: 1, source: { bucket: QUIET_BUCKET, key }, assetPath });
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

/** Of a source that is none: nothing is published of it, and one record says why. */
async function expectGivenUp({ problems, children, folders }: FailpointResult, assetPath: string): Promise<void> {
  expect({ problems, children, folders }).toEqual({ problems: [], children: [], folders: [] });
  expect(await keysOf(site, `${assetPath}/`)).toEqual([]);
  const records = (await failuresOf(site)).filter(({ body }) => body.includes(assetPath));
  expect(records.map(({ code }) => code)).toEqual(["source_not_media"]);
}

const runWith = (failpoint: Failpoint, key: string, more: Partial<FailpointRun> = {}): Promise<FailpointResult> =>
  runAtFailpoint(site, { failpoint, assetPath: pathOf(failpoint), body: orderOf(key, pathOf(failpoint)), ...more });

/** Two messages for one job, side by side. */
const TWICE = { copies: 2, settings: { LADDERD_CONCURRENCY: "2" } };

describe("kill -9 (fault 2, fault 3, fault 4, fault 5, fault 7, fault 8, fault 9, fault 10, fault 11, fault 19)", () => {
  it.concurrent.each(ORDINARY)("%s has its film published once by the next one", async (name) => {
    const failpoint = at(name, "kill");
    await expectPublishedOnce(await runWith(failpoint, "film.mp4"), pathOf(failpoint), name === "after-delete");
  });

  it.concurrent.each(REJECTION)("%s has its bad source given up by the next one", async (name) => {
    const failpoint = at(name, "kill");
    await expectGivenUp(await runWith(failpoint, "text.mp4"), pathOf(failpoint));
  });

  it.concurrent.each(WAITING)("%s of a message that waits for another one's job loses neither", async (name) => {
    const failpoint = at(name, "kill");
    const { problems, children, folders } = await runWith(failpoint, "film.mp4", TWICE);
    expect({ problems, children, folders }).toEqual({ problems: [], children: [], folders: [] });
    expect((await publishedAt(site, pathOf(failpoint))).previous).toBeUndefined();
  });

  it.concurrent.each(KEYED)("%s of a protected film has it published once by the next one", async (name) => {
    const failpoint = at(name, "kill");
    const keyed = { main: protecting, settings: { CONTENT_KEY: `${KEY_ID}:${KEY}` } };
    await expectPublishedOnce(await runWith(failpoint, "film.mp4", keyed), pathOf(failpoint));
  });
});

describe("one SIGTERM (fault 13, fault 14, fault 16)", () => {
  it.concurrent.each(ORDINARY.filter(isToldToStop))("%s finishes what it does and ends with 0", async (name) => {
    const failpoint = at(name, "term");
    await expectPublishedOnce(await runWith(failpoint, "film.mp4"), pathOf(failpoint));
  });

  it.concurrent.each(REJECTION.filter(isToldToStop))("%s gives the bad source up and ends with 0", async (name) => {
    const failpoint = at(name, "term");
    await expectGivenUp(await runWith(failpoint, "text.mp4"), pathOf(failpoint));
  });
});

describe("fault 28: SIGSTOP until the lease is over, then SIGCONT", () => {
  it.concurrent.each(ORDINARY.filter(isFrozen))("%s changes nothing of what another one published", async (name) => {
    const failpoint = at(name, "stop");
    const assetPath = pathOf(failpoint);
    await expectPublishedOnce(await runWith(failpoint, "film.mp4"), assetPath);
    const { revision } = (await assetAt(site, assetPath)) ?? {};
    const copies = (await keysOf(site, `${assetPath}/r/`)).filter((key) => key.endsWith("/pointer.m3u8"));
    expect(copies).toContain(`${assetPath}/r/${revision}/pointer.m3u8`);
  });

  it.concurrent.each(REJECTION.filter(isFrozen))("%s gives the bad source up all the same", async (name) => {
    const failpoint = at(name, "stop");
    await expectGivenUp(await runWith(failpoint, "text.mp4"), pathOf(failpoint));
  });
});
