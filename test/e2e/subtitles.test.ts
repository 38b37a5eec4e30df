import { GetObjectCommand } from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openBrowser, openPage } from "../support/browser.ts";
import { makeClip } from "../support/clips.ts";
import { closeCleanly } from "../support/close-cleanly.ts";
import type { CommandEnd } from "../support/command.ts";
import { command } from "../support/command.ts";
import { crawlDash, crawlHls } from "../support/crawl.ts";
import type { Daemon } from "../support/daemon.ts";
import { childEnvironment, logged, MAIN, startDaemon } from "../support/daemon.ts";
import { settledCount } from "../support/metrics.ts";
import { startPageServer } from "../support/playback/page-server.ts";
import type { Asset } from "../support/published.ts";
import { assetAt, failuresOf, keysOf, publishedAt } from "../support/published.ts";
import { send, untilEmpty } from "../support/queue.ts";
import type { Site } from "../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../support/site.ts";
import { until } from "../support/until.ts";

const ASSET = "films/a [1] film";
const SECONDS = 7;

let site: Site;
let daemon: Daemon;
let first: Asset;

const cleanup = new AsyncDisposableStack();

beforeAll(async () => {
  cleanup.defer(() => closeCleanly(site, daemon));
  site = await openSite("subtitles");
  daemon = await startDaemon({ env: site.daemonEnv("work") });
  await uploadText("sv.srt", srt("Hej åäö", "latin1"));
  await uploadText("en.vtt", Buffer.from("WEBVTT\n\n00:01.000 --> 00:01.900 line:10%\nHello\n"));
  await makeClip(site.path("film.mp4"), { seconds: SECONDS, size: "320x180" });
  await uploadFile(site, site.path("film.mp4"), { key: `${ASSET}.mp4` });
  first = await publishedAt(site, ASSET);
  await untilEmpty(site);
});

afterAll(() => cleanup.disposeAsync());

const urlOf = (file: string): string => `${site.origin.url}/${ASSET.split("/").map(encodeURIComponent).join("/")}/${file}`;
const srt = (line: string, encoding: BufferEncoding = "utf8"): Buffer =>
  Buffer.from(`1\r\n00:00:01,000 --> 00:00:01,900\r\n${line}\r\n`, encoding);

/** Puts a file of subtitles beside the film. */
async function uploadText(suffix: string, bytes: Buffer): Promise<string> {
  const path = site.path(`text.${suffix}`);
  await writeFile(path, bytes);
  return uploadFile(site, path, { key: `${ASSET}.${suffix}` });
}

const current = async (): Promise<Asset> => z.custom<Asset>((value) => value !== undefined).parse(await assetAt(site, ASSET));

/** Hashes of a revision's objects by their names inside it. */
async function digestsOf({ revision }: Pick<Asset, "revision">): Promise<ReadonlyMap<string, string>> {
  const prefix = `${ASSET}/r/${revision}/`;
  const digests = (await keysOf(site, prefix)).map(async (key) => {
    const { Body, ContentType, CacheControl } = await site.s3.send(new GetObjectCommand({ Bucket: "published", Key: key }));
    const hash = createHash("sha256").update((await Body?.transformToByteArray()) ?? "");
    return [key.slice(prefix.length), `${hash.digest("hex")} ${ContentType} ${CacheControl}`] as const;
  });
  return new Map(await Promise.all(digests));
}

/** The languages that both manifests list, after everything they name was fetched. */
async function listed(): Promise<{ readonly hls: readonly string[]; readonly dash: readonly string[] }> {
  const { multivariant, visits } = await crawlHls(urlOf("index.m3u8"));
  const { mpd, visits: others } = await crawlDash(urlOf("index.mpd"));
  expect([...visits, ...others].filter(({ status }) => status >= 300)).toEqual([]);
  const texts = multivariant.media.filter((attributes) => attributes.get("TYPE") === "SUBTITLES");
  return {
    hls: texts.map((attributes) => attributes.get("LANGUAGE") ?? ""),
    dash: mpd.representations.map(({ id }) => id).filter((id) => id.startsWith("t-")),
  };
}

const ladderd = (...args: readonly string[]): Promise<CommandEnd> =>
  command(process.execPath, [MAIN, ...args], { env: childEnvironment({ ...site.daemonEnv("command"), TMPDIR: site.root }) });

describe("subtitles beside a film", () => {
  it("are published with it, in HLS and in DASH", async () => {
    expect(first.text.map(({ id, language }) => [id, language])).toEqual([
      ["t-en", "en"],
      ["t-sv", "sv"],
    ]);
    expect(first.degraded).toBeUndefined();
    expect(await listed()).toEqual({ hls: ["en", "sv"], dash: ["t-en", "t-sv"] });
  });

  it("cost no failure when they come before it, and no second revision when their events do", async () => {
    expect(await failuresOf(site)).toEqual([]);
    expect(await revisions()).toEqual([first.revision]);
    expect(await settledCount(daemon.url, "ignored")).toBeGreaterThan(0);
  });

  it("join it as a new revision when they come after it: the same media, nothing encoded, the old revision untouched", async () => {
    const before = await digestsOf(first);
    const encodes = logged(daemon, { stage: "encode" }).length;
    await uploadText("de.srt", srt("Guten Tag"));
    const second = await publishedAt(site, ASSET, { not: first.revision });
    expect(await listed()).toEqual({ hls: ["en", "sv", "de"], dash: ["t-en", "t-sv", "t-de"] });
    expect(logged(daemon, { stage: "encode" })).toHaveLength(encodes);
    expect(await digestsOf(first)).toEqual(before);
    const after = await digestsOf(second);
    const changed = [...before].filter(([name, digest]) => after.get(name) !== digest).map(([name]) => name);
    expect(changed.toSorted()).toEqual(["asset.json", "pointer.m3u8", "pointer.mpd", "presentation.json"]);
    expect([...after.keys()].filter((name) => !before.has(name)).every((name) => name.startsWith("t-de/"))).toBe(true);
    await untilEmpty(site);
  });

  it("change nothing when their event is delivered again", async () => {
    const before = await current();
    const duplicates = (await settledCount(daemon.url, "duplicate")) ?? 0;
    await uploadText("de.srt", srt("Guten Tag"));
    await expect.poll(() => settledCount(daemon.url, "duplicate"), { timeout: 30_000 }).toBe(duplicates + 1);
    expect(await current()).toEqual(before);
  });

  it("that are no text are rejected by name and leave the film as it is", async () => {
    const before = await current();
    await uploadText("fi.srt", Buffer.from("<html>not here</html>"));
    const failure = await until("the failure record", async () => (await failuresOf(site)).find(({ code }) => code === "source_not_media"));
    expect(failure.reason).toContain("no cue");
    expect(await current()).toEqual(before);
    await untilEmpty(site);
  });
});

const revisions = async (): Promise<readonly string[]> => [
  ...new Set((await keysOf(site, `${ASSET}/r/`)).map((key) => key.split("/").at(3) ?? "")),
];

describe("subtitles that somebody attaches", () => {
  it("by a job message appear under their name", async () => {
    const { revision } = await current();
    await writeFile(site.path("it.srt"), srt("Ciao"));
    await uploadFile(site, site.path("it.srt"), { bucket: QUIET_BUCKET, key: "texts/x.srt" });
    const subtitles = { bucket: QUIET_BUCKET, key: "texts/x.srt" };
    await send(site, { ladderd: 1, attach: { assetPath: ASSET, subtitles, language: "ita", name: "Italiano", forced: true } });
    const { text } = await publishedAt(site, ASSET, { not: revision });
    expect(text.at(-1)).toMatchObject({ id: "t-it", language: "it", name: "Italiano", forced: true });
    await untilEmpty(site);
  });

  it("by the command appear, and take the place of what they correct", async () => {
    await writeFile(site.path("fr.vtt"), "WEBVTT\n\n00:01.000 --> 00:01.900\nBonsoir\n");
    const done = await ladderd("attach", ASSET, "--subtitles", site.path("fr.vtt"), "--language", "fr");
    expect(done).toMatchObject({ exitCode: 0, stdout: `attached fr to ${ASSET}\n`, stderr: "" });
    await writeFile(site.path("fr.vtt"), "WEBVTT\n\n00:01.000 --> 00:01.900\nBonjour\n");
    const corrected = await ladderd("attach", ASSET, "--subtitles", site.path("fr.vtt"), "--language", "fra", "--json");
    expect(JSON.parse(corrected.stdout)).toEqual({ assetPath: ASSET, language: "fr", outcome: "published" });
    expect(await listed()).toMatchObject({ hls: ["en", "sv", "de", "it", "fr"] });
    const again = await ladderd("attach", ASSET, "--subtitles", site.path("fr.vtt"), "--language", "fr");
    expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("already") });
  });

  it("by two commands at once are both there in the end", async () => {
    const file = site.path("fr.vtt");
    const both = ["nl", "da"].map((language) => ladderd("attach", ASSET, "--subtitles", file, "--language", language));
    expect((await Promise.all(both)).map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const { hls, dash } = await listed();
    expect(hls.toSorted()).toEqual(["da", "de", "en", "fr", "it", "nl", "sv"]);
    expect(dash.toSorted()).toEqual(["t-da", "t-de", "t-en", "t-fr", "t-it", "t-nl", "t-sv"]);
    expect(await revisions()).toContain((await current()).revision);
  });

  it("are refused with 65 where there is no asset or no cue, and with 64 where nobody can tell what is meant", async () => {
    const before = await current();
    const file = site.path("fr.vtt");
    const nowhere = await ladderd("attach", "films/none", "--subtitles", file, "--language", "fr");
    expect(nowhere).toMatchObject({ exitCode: 65, stderr: expect.stringContaining("source_not_found") });
    expect(await ladderd("attach", ASSET, "--subtitles", MAIN, "--language", "fr")).toMatchObject({ exitCode: 65 });
    expect(await ladderd("attach", ASSET, "--subtitles", file, "--language", "french!")).toMatchObject({ exitCode: 64 });
    expect(await ladderd("attach", ASSET, "--subtitles", file)).toMatchObject({ exitCode: 64 });
    expect(await current()).toEqual(before);
  });
});

describe.each([
  { player: "hls.js", kind: "hls", file: "index.m3u8" },
  { player: "Shaka", kind: "dash", file: "index.mpd" },
])("$player in Chromium", ({ kind, file }) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  it("shows what lay beside the film, in its own letters", async () => {
    await using server = await startPageServer();
    await using watched = await openPage(browser, `${server.url}/`);
    const { page, problems } = watched;
    await page.evaluate(`drive.open(${JSON.stringify(kind)}, ${JSON.stringify(urlOf(file))})`);
    const lineIn = async (language: string): Promise<unknown> => page.evaluate(`drive.firstLine(${JSON.stringify(language)})`);
    expect(await lineIn("sv")).toEqual({ startSeconds: expect.closeTo(1, 2), text: "Hej åäö" });
    expect(await page.evaluate("drive.fatal()")).toEqual([]);
    expect(problems).toEqual([]);
  });

  it("shows what was attached later", async () => {
    await using server = await startPageServer();
    await using watched = await openPage(browser, `${server.url}/`);
    const { page, problems } = watched;
    await page.evaluate(`drive.open(${JSON.stringify(kind)}, ${JSON.stringify(urlOf(file))})`);
    expect(await page.evaluate('drive.firstLine("fr")')).toEqual({ startSeconds: expect.closeTo(1, 2), text: "Bonjour" });
    expect(problems).toEqual([]);
  });
});
