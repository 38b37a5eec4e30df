import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openBrowser, openPage } from "../support/browser.ts";
import { makeClip } from "../support/clips.ts";
import { closeCleanly } from "../support/close-cleanly.ts";
import type { Daemon } from "../support/daemon.ts";
import { startDaemon } from "../support/daemon.ts";
import { startPageServer } from "../support/playback/page-server.ts";
import { publishedAt } from "../support/published.ts";
import type { Site } from "../support/site.ts";
import { openSite, uploadFile } from "../support/site.ts";

const SECONDS = 8;

let site: Site;
let daemon: Daemon;
let browser: Browser;
let server: Awaited<ReturnType<typeof startPageServer>>;

const cleanup = new AsyncDisposableStack();

beforeAll(async () => {
  browser = await openBrowser();
  cleanup.defer(() => browser.close());
  server = cleanup.use(await startPageServer());
  cleanup.defer(() => closeCleanly(site, daemon));
  site = await openSite("codecs");
  daemon = await startDaemon({ env: { ...site.daemonEnv("work"), LADDERD_LADDER: "h264-av1" } });
  await makeClip(site.path("eight.mp4"), { seconds: SECONDS, rate: "30000/1001" });
  await uploadFile(site, site.path("eight.mp4"), { key: "eight.mp4" });
  await publishedAt(site, "eight");
});

afterAll(() => cleanup.disposeAsync());

const played = z.object({ seconds: z.number(), frames: z.number() });
const drive = (page: Page, call: string): Promise<unknown> => page.evaluate(`drive.${call}`);

describe.each([
  { player: "hls.js", kind: "hls", file: "index.m3u8" },
  { player: "Shaka", kind: "dash", file: "index.mpd" },
])("$player in Chromium", ({ kind, file }) => {
  it.each([
    { name: "AV1", codec: "av01", folder: "av1", other: "h264" },
    { name: "H.264", codec: "avc1", folder: "h264", other: "av1" },
  ])("decodes $name alone when it keeps to it: to the end, after seeks and at every level", async ({ codec, folder, other }) => {
    await using watched = await openPage(browser, `${server.url}/`);
    const { page, problems } = watched;
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    const url = `${site.origin.url}/eight/${file}`;
    await drive(page, `open(${JSON.stringify(kind)}, ${JSON.stringify(url)}, ${JSON.stringify({ codec })})`);
    for (const to of [5, 1]) expect(await drive(page, `seek(${to})`)).toBeCloseTo(to, 0);
    for (const height of [240, 360, 240]) expect(await drive(page, `switchTo(${height})`)).toBe(height);
    const end = played.parse(await drive(page, "playToEnd(4)"));
    expect(end.seconds).toBeCloseTo(SECONDS, 1);
    expect(end.frames).toBeGreaterThan(0);
    const media = asked.filter((path) => path.endsWith(".m4s"));
    expect(media.filter((path) => path.includes(`-${folder}/`)).length).toBeGreaterThan(0);
    expect(media.filter((path) => path.includes(`-${other}/`))).toEqual([]);
    expect(await drive(page, "fatal()")).toEqual([]);
    expect(problems).toEqual([]);
  });
});
