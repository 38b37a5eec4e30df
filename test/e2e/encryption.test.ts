import { writeFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { LadderEncryption } from "../../src/domain/encryption.ts";
import { KEY, KEY_ID, anEncryption } from "../helpers/encryption.ts";
import type { TemporaryFolder } from "../helpers/temporary-folder.ts";
import { temporaryFolder } from "../helpers/temporary-folder.ts";
import { transcodeIn } from "../helpers/transcode.ts";
import { openBrowser, openPage } from "../support/browser.ts";
import { makeClip } from "../support/clips.ts";
import type { KeySite } from "../support/playback/key-site.ts";
import { startKeySite } from "../support/playback/key-site.ts";
import { startPageServer } from "../support/playback/page-server.ts";

const SECONDS = 8;

interface Published {
  readonly folder: TemporaryFolder;
  readonly site: KeySite;
}

let browser: Browser;
let server: Awaited<ReturnType<typeof startPageServer>>;
const assets = new Map<string, Published>();
const cleanup = new AsyncDisposableStack();

/** An asset of its own for each encryption, beside the servers that its manifests name. */
async function publish(name: string, encryption: Partial<LadderEncryption>): Promise<void> {
  const folder = cleanup.use(await temporaryFolder());
  const site = cleanup.use(await startKeySite(folder.in("out"), { keyId: KEY_ID, key: KEY }));
  await makeClip(folder.in("clip.mp4"), { seconds: SECONDS, size: "320x240" });
  await writeFile(folder.in("key"), `${KEY_ID}:${KEY}`);
  const keySource = { kind: "secret", reference: `file:${folder.in("key")}` } as const;
  const places = { hlsKeyUri: `${site.url}/keys/{keyId}`, laUrl: `${site.url}/licence` };
  await transcodeIn(folder, folder.in("clip.mp4"), { ladder: { encryption: anEncryption({ ...places, ...encryption, keySource }) } });
  assets.set(name, { folder, site });
}

beforeAll(async () => {
  browser = await openBrowser();
  cleanup.defer(() => browser.close());
  server = cleanup.use(await startPageServer());
  await publish("cbcs", { scheme: "cbcs" });
  await publish("cenc", { scheme: "cenc" });
  await publish("cbcs for Clear Key", { scheme: "cbcs", hlsKeyFormat: "org.w3.clearkey" });
});

afterAll(() => cleanup.disposeAsync());
beforeEach(() => {
  for (const { site } of assets.values()) site.grants = true;
});

const siteOf = (name: string): KeySite => {
  const found = assets.get(name);
  if (!found) throw new RangeError(name);
  return found.site;
};
const drive = (page: Page, call: string): Promise<unknown> => page.evaluate(`drive.${call}`);
const opening = (kind: string, url: string, options: object): string =>
  `open(${JSON.stringify(kind)}, ${JSON.stringify(url)}, ${JSON.stringify(options)})`;
/** What the players say, or that nothing moves. */
const STOPPED = /(?:shaka|hls\.js|video): |not within/;
const played = z.object({ seconds: z.number(), frames: z.number() });

/** Shaka moves a position that stalls by 0.1 s in the hope of a gap. */
const NUDGE_SECONDS = 0.15;

function expectNothingShown(shown: unknown): void {
  const { seconds, frames } = played.parse(shown);
  expect(frames).toBe(0);
  expect(seconds).toBeLessThan(NUDGE_SECONDS);
}

const CASES = [
  { what: "cbcs as DASH, its key from the licence server of the MPD", name: "cbcs", kind: "dash", file: "index.mpd" },
  { what: "cbcs as HLS, its key from the URI of the playlists", name: "cbcs", kind: "dash", file: "index.m3u8" },
  { what: "cenc as DASH, its key from the licence server of the MPD", name: "cenc", kind: "dash", file: "index.mpd" },
  { what: "cbcs as HLS in hls.js, its key from a licence server", name: "cbcs for Clear Key", kind: "hls", file: "index.m3u8" },
] as const;

describe.each(CASES)("$what, in Chromium", ({ name, kind, file }) => {
  const optionsFor = ({ url }: KeySite): object => (kind === "hls" ? { licenceUrl: `${url}/licence` } : {});

  it("plays to the end", async () => {
    const site = siteOf(name);
    const before = site.asked.length;
    await using watched = await openPage(browser, `${server.url}/`);
    const { page, problems } = watched;
    await drive(page, opening(kind, `${site.url}/${file}`, optionsFor(site)));
    const end = played.parse(await drive(page, "playToEnd(2)"));
    expect(end.seconds).toBeCloseTo(SECONDS, 1);
    expect(end.frames).toBeGreaterThan(0);
    expect(await drive(page, "fatal()")).toEqual([]);
    expect(problems).toEqual([]);
    expect(site.asked.length).toBeGreaterThan(before);
  });

  it("does not play when its key is refused", async () => {
    const site = siteOf(name);
    site.grants = false;
    const before = site.asked.length;
    await using watched = await openPage(browser, `${server.url}/`);
    const { page } = watched;
    await expect(drive(page, opening(kind, `${site.url}/${file}`, optionsFor(site)))).rejects.toThrow(STOPPED);
    expectNothingShown(await drive(page, "shown()"));
    expect(site.asked.length).toBeGreaterThan(before);
  });
});

describe.each(["cbcs", "cenc"])("%s as DASH in a player that is told the key", (name) => {
  const told = (key: string): object => ({ clearKeys: { [KEY_ID]: key } });

  it("plays to the end, and asks nobody", async () => {
    const site = siteOf(name);
    const before = site.asked.length;
    await using watched = await openPage(browser, `${server.url}/`);
    const { page, problems } = watched;
    await drive(page, opening("dash", `${site.url}/index.mpd`, told(KEY)));
    expect(played.parse(await drive(page, "playToEnd(2)")).seconds).toBeCloseTo(SECONDS, 1);
    expect(problems).toEqual([]);
    expect(site.asked).toHaveLength(before);
  });

  it("does not play with another key", async () => {
    await using watched = await openPage(browser, `${server.url}/`);
    const { page } = watched;
    await expect(drive(page, opening("dash", `${siteOf(name).url}/index.mpd`, told(KEY_ID)))).rejects.toThrow(STOPPED);
    expectNothingShown(await drive(page, "shown()"));
  });
});
