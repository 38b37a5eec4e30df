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

const SECONDS = 13;
const SEEKS = [10, 1.5, 6.5];

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
  site = await openSite("playback");
  daemon = await startDaemon({ env: site.daemonEnv("work") });
  await makeClip(site.path("thirteen.mp4"), { seconds: SECONDS, audio: ["eng", "deu"], subtitles: ["fra"] });
  await uploadFile(site, site.path("thirteen.mp4"), { key: "folder/thirteen.mp4" });
  await publishedAt(site, "folder/thirteen");
});

afterAll(() => cleanup.disposeAsync());

const opened = z.object({ seconds: z.number(), heights: z.array(z.number()), languages: z.array(z.string()) });
const played = z.object({ seconds: z.number(), frames: z.number() });

/** Calls a function of the page's `drive`. */
const drive = (page: Page, call: string): Promise<unknown> => page.evaluate(`drive.${call}`);

describe.each([
  { player: "hls.js", kind: "hls", file: "index.m3u8" },
  { player: "Shaka", kind: "dash", file: "index.mpd" },
])("$player in Chromium, from another origin", ({ kind, file }) => {
  it("plays to the end, seeks and switches levels, without a fatal error or a refused request", async () => {
    await using watched = await openPage(browser, `${server.url}/`);
    const { page, problems } = watched;
    const url = `${site.origin.url}/folder/thirteen/${file}`;
    const { seconds, heights, languages } = opened.parse(await drive(page, `open(${JSON.stringify(kind)}, ${JSON.stringify(url)})`));
    expect(seconds).toBeCloseTo(SECONDS, 1);
    expect({ heights, languages }).toEqual({ heights: [240, 360], languages: ["de", "en"] });

    const line = z.object({ startSeconds: z.number(), text: z.string() }).parse(await drive(page, 'firstLine("fr")'));
    expect(line).toEqual({ startSeconds: expect.closeTo(0.1, 2), text: "Line 1" });

    for (const to of SEEKS) expect(await drive(page, `seek(${to})`)).toBeCloseTo(to, 0);
    for (const height of [240, 360, 240]) expect(await drive(page, `switchTo(${height})`)).toBe(height);

    const end = played.parse(await drive(page, "playToEnd(4)"));
    expect(end.seconds).toBeCloseTo(SECONDS, 1);
    expect(end.frames).toBeGreaterThan(0);
    expect(await drive(page, "fatal()")).toEqual([]);
    expect(problems).toEqual([]);
  });
});

describe("the player page of the origin", () => {
  it("lists what is published and plays it as HLS and as DASH", async () => {
    await using watched = await openPage(browser, `${site.origin.url}/`);
    const { page, problems } = watched;
    const asset = page.locator('.asset[data-path="folder/thirteen"]');
    await asset.waitFor({ timeout: 10_000 });
    expect(await asset.textContent()).toMatch(/thirteen.*0:13.*640 × 360/s);
    const position = async (): Promise<number> => z.number().parse(await page.evaluate("document.getElementById('video').currentTime"));
    await page.evaluate("document.getElementById('video').play()");
    await expect.poll(position, { timeout: 20_000 }).toBeGreaterThan(1.5);
    const mpd = page.waitForResponse(/\/index\.mpd$/);
    await page.locator('input[name="format"][value="dash"]').check({ force: true });
    expect((await mpd).status()).toBe(200);
    // It goes on where it was, by itself.
    await expect.poll(position, { timeout: 20_000 }).toBeGreaterThan(3);
    expect(await page.locator("#quality option").count()).toBe(3);
    expect(await page.locator("#audio option").allTextContents()).toHaveLength(2);
    expect(await page.locator("#problem").isHidden()).toBe(true);
    expect(problems).toEqual([]);
  });
});
