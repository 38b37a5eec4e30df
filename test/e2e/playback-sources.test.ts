import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { conformance } from "../conformance/conformance.ts";
import { openBrowser, openPage } from "../support/browser.ts";
import { makeClip } from "../support/clips.ts";
import { closeCleanly } from "../support/close-cleanly.ts";
import { mustRun } from "../support/command.ts";
import type { Daemon } from "../support/daemon.ts";
import { startDaemon } from "../support/daemon.ts";
import { startPageServer } from "../support/playback/page-server.ts";
import { publishedAt } from "../support/published.ts";
import type { Site } from "../support/site.ts";
import { openSite, uploadFile } from "../support/site.ts";

const SECONDS = 3;
const SMALL = { size: "320x180", seconds: SECONDS };

/** The families of sources whose streams differ most to a player. */
const SOURCES: readonly { readonly name: string; readonly make: (path: string) => Promise<unknown> }[] = [
  { name: "portrait.mp4", make: (path) => makeClip(path, { ...SMALL, rotation: 90 }) },
  { name: "ntsc.mp4", make: (path) => makeClip(path, { ...SMALL, rate: "30000/1001" }) },
  { name: "sixty.mp4", make: (path) => makeClip(path, { ...SMALL, rate: "60" }) },
  { name: "silent.mp4", make: (path) => makeClip(path, { ...SMALL, audio: [] }) },
  { name: "sound.mp4", make: (path) => makeClip(path, { ...SMALL, hasVideo: false }) },
  { name: "odd.webm", make: generated("size=161x121:rate=25", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8") },
  {
    name: "irregular.mkv",
    make: generated("size=320x180:rate=30", "-vf", "select=mod(n\\,3)", "-vsync", "vfr", "-c:v", "libx264", "-preset", "ultrafast"),
  },
];

function generated(picture: string, ...options: readonly string[]): (path: string) => Promise<unknown> {
  return (path) =>
    mustRun("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", `testsrc2=${picture}:duration=${SECONDS}`, ...options, path]);
}

let site: Site;
let daemon: Daemon;
let browser: Browser;
let server: Awaited<ReturnType<typeof startPageServer>>;

const cleanup = new AsyncDisposableStack();
const played = z.object({ seconds: z.number() });

beforeAll(async () => {
  browser = await openBrowser();
  cleanup.defer(() => browser.close());
  server = cleanup.use(await startPageServer());
  cleanup.defer(() => closeCleanly(site, daemon));
  site = await openSite("playback-sources");
  daemon = await startDaemon({ env: site.daemonEnv("work") });
  for (const { name, make } of SOURCES) {
    await make(site.path(name));
    await uploadFile(site, site.path(name), { key: `families/${name}` });
  }
});

afterAll(() => cleanup.disposeAsync());

describe.each(SOURCES)("$name", ({ name }) => {
  const path = `families/${name.replace(/\.\w+$/, "")}`;

  it("is published by the rules, at its address", async () => {
    await publishedAt(site, path);
    await expect(conformance(`${site.origin.url}/${path}/`)).resolves.toStrictEqual([]);
  });

  it.each([
    { player: "hls.js", kind: "hls", file: "index.m3u8" },
    { player: "Shaka", kind: "dash", file: "index.mpd" },
  ])("plays to its end in $player", async ({ kind, file }) => {
    await publishedAt(site, path);
    await using watched = await openPage(browser, `${server.url}/`);
    const { page, problems } = watched;
    const url = `${site.origin.url}/${path}/${file}`;
    await page.evaluate(`drive.open(${JSON.stringify(kind)}, ${JSON.stringify(url)})`);
    const { seconds } = played.parse(await page.evaluate("drive.playToEnd(2)"));
    expect(Math.abs(seconds - SECONDS)).toBeLessThanOrEqual(0.15);
    expect(await page.evaluate("drive.fatal()")).toEqual([]);
    expect(problems).toEqual([]);
  });
});
