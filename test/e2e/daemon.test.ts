import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { s3Event } from "../../src/cli/dev/proxy/event.ts";
import { closeCleanly } from "../support/close-cleanly.ts";
import type { ClipOptions } from "../support/clips.ts";
import { makeClip } from "../support/clips.ts";
import type { Visit } from "../support/crawl.ts";
import { crawlDash, crawlHls, crawlStoryboard } from "../support/crawl.ts";
import type { Daemon } from "../support/daemon.ts";
import { logged, startDaemon } from "../support/daemon.ts";
import { decodeComplaints, streamsOf } from "../support/decode.ts";
import { settledCount } from "../support/metrics.ts";
import { assetAt, failuresOf, keysOf, publishedAt, textOf } from "../support/published.ts";
import { send, untilEmpty } from "../support/queue.ts";
import type { Site } from "../support/site.ts";
import { openSite, uploadFile } from "../support/site.ts";
import { until } from "../support/until.ts";

interface Case extends ClipOptions {
  readonly name: string;
  /** Video renditions, the first one listed first. */
  readonly sizes: readonly string[];
  readonly frameRate?: string;
  readonly languages: readonly string[];
  /** Audio renditions, when there are more than languages. */
  readonly audioRenditions?: number;
  readonly texts?: readonly string[];
  readonly segments?: number;
}

const SECONDS = 3;
const AUDIO_FRAME_SECONDS = 1024 / 48_000;
const CASES: readonly Case[] = [
  {
    name: "two languages in three segments",
    audio: ["eng", "deu"],
    seconds: 13,
    sizes: ["640x360", "426x240"],
    frameRate: "30",
    languages: ["en", "de"],
    segments: 3,
  },
  { name: "portrait phone", size: "640x360", rotation: 90, sizes: ["360x640", "240x426"], frameRate: "30", languages: ["en"] },
  { name: "anamorphic", size: "480x360", sar: "4/3", sizes: ["640x360", "426x240"], frameRate: "30", languages: ["en"] },
  { name: "video only", size: "320x180", audio: [], sizes: ["320x180"], frameRate: "30", languages: [] },
  { name: "audio only", hasVideo: false, sizes: [], languages: ["en"], audioRenditions: 2 },
  { name: "29.97", size: "320x180", rate: "30000/1001", sizes: ["320x180"], frameRate: "30000/1001", languages: ["en"] },
  { name: "59.94", size: "320x180", rate: "60000/1001", sizes: ["320x180"], frameRate: "60000/1001", languages: ["en"] },
  {
    name: "subtitles",
    size: "320x180",
    subtitles: ["fra", "eng"],
    sizes: ["320x180"],
    frameRate: "30",
    languages: ["en"],
    texts: ["fr", "en"],
  },
  { name: "one second", size: "320x180", seconds: 1, sizes: ["320x180"], frameRate: "30", languages: ["en"] },
];

const keyOf = (name: string): string => `clips/${name}.mp4`;
const pathOf = (name: string): string => `clips/${name}`;
const urlOf = (assetPath: string, file: string): string =>
  `${site.origin.url}/${assetPath.split("/").map(encodeURIComponent).join("/")}/${file}`;

let site: Site;
let daemon: Daemon;

beforeAll(async () => {
  site = await openSite("daemon");
  daemon = await startDaemon({ env: site.daemonEnv("work") });
  for (const { name, ...options } of CASES) {
    const file = await makeClip(site.path(`${name}.mp4`), { seconds: SECONDS, ...options });
    await uploadFile(site, file, { key: keyOf(name) });
  }
});

afterAll(() => closeCleanly(site, daemon));

const POINTER = "public,max-age=5,s-maxage=10";
const IMMUTABLE = "public,max-age=31536000,immutable";
const TYPES: Readonly<Record<string, string>> = {
  m3u8: "application/vnd.apple.mpegurl",
  mpd: "application/dash+xml",
  mp4: "video/mp4",
  m4s: "video/iso.segment",
  vtt: "text/vtt",
  jpg: "image/jpeg",
};

/** The headers that a URL must be served with, as its place and name say. */
const due = ({ url, bytes, wantedBytes }: Visit) => ({
  url,
  status: wantedBytes === undefined ? 200 : 206,
  contentType: TYPES[url.split(".").at(-1) ?? ""] ?? "",
  cacheControl: url.includes("/r/") ? IMMUTABLE : POINTER,
  allowedOrigin: "*",
  bytes: wantedBytes ?? bytes,
  ...(wantedBytes === undefined ? {} : { wantedBytes }),
});

describe.each(CASES)("an upload of $name", (clip) => {
  const { name, seconds = SECONDS, sizes, languages, audioRenditions = languages.length, texts = [], segments = 1 } = clip;
  const assetPath = pathOf(name);

  it("is published with what asset.json says of it", async () => {
    const asset = await publishedAt(site, assetPath);
    expect(asset.assetPath).toBe(assetPath);
    expect(asset.durationSeconds).toBeCloseTo(seconds, 1);
    const [top] = sizes;
    expect(top).toBe(asset.width === undefined ? undefined : `${asset.width}x${asset.height}`);
    expect(asset.frameRate).toBe(clip.frameRate);
    expect(asset.ladder).toBe("h264-fast");
    expect(asset.degraded).toBeUndefined();
    expect([...new Set(asset.audio.map(({ language }) => language))]).toEqual(languages);
    expect(asset.text.map(({ language }) => language)).toEqual(texts);
    expect(asset.renditions.filter(({ kind }) => kind === "audio")).toHaveLength(audioRenditions);
    const videos = asset.renditions.filter(({ kind }) => kind === "video");
    expect(videos.map(({ width, height }) => `${width}x${height}`)).toEqual(sizes);
    for (const { averageBps, peakBps } of asset.renditions) expect(averageBps).toBeLessThanOrEqual(peakBps);
  });

  it("can be fetched to the last URI of its playlists, each with its type and its time to live", async () => {
    const { multivariant, playlists, visits } = await crawlHls(urlOf(assetPath, "index.m3u8"));
    expect(visits).toEqual(visits.map(due));
    for (const { bytes } of visits) expect(bytes).toBeGreaterThan(0);
    const resolutions = multivariant.variants.flatMap(({ attributes }) => attributes.get("RESOLUTION") ?? []);
    expect(resolutions.toSorted()).toEqual(sizes.toSorted());
    expect(multivariant.media).toHaveLength(audioRenditions + texts.length);
    expect(multivariant.iFrames).toHaveLength(sizes.length);
    for (const { attributes } of multivariant.variants) expect(attributes.has("AUDIO")).toBe(languages.length > 0);
    for (const playlist of playlists.values()) {
      expect(playlist.isEnded).toBe(true);
      const total = playlist.segments.reduce((sum, segment) => sum + segment.seconds, 0);
      expect(Math.abs(total - seconds)).toBeLessThan(0.1);
      for (const segment of playlist.segments) expect(Math.round(segment.seconds)).toBeLessThanOrEqual(playlist.targetDuration ?? 0);
    }
    const media = [...playlists.values()].filter(({ isIFramesOnly }) => !isIFramesOnly);
    expect(media.map((playlist) => playlist.segments.length)).toEqual(media.map(() => segments));
  });

  it("can be fetched to the last segment of its MPD, the same segments as those of its playlists", async () => {
    const { mpd, visits } = await crawlDash(urlOf(assetPath, "index.mpd"));
    expect(visits).toEqual(visits.map(due));
    expect(Math.abs(mpd.durationSeconds - seconds)).toBeLessThan(0.1);
    const videos = mpd.representations.filter(({ contentType }) => contentType === "video");
    expect(videos.map(({ width, height }) => `${width}x${height}`).toSorted()).toEqual(sizes.toSorted());
    const sound = mpd.representations.filter(({ contentType }) => contentType === "audio");
    expect([...new Set(sound.map(({ language }) => language))]).toEqual(languages);
    const written = mpd.representations.filter(({ contentType }) => contentType === "text");
    expect(written.map(({ language }) => language)).toEqual(texts);
    const timed = mpd.representations.flatMap((representation) => representation.seconds ?? []);
    expect(timed).toHaveLength(sizes.length + audioRenditions);
    for (const total of timed) expect(Math.abs(total - seconds)).toBeLessThan(0.1);
    expect(mpd.representations.filter(({ contentType }) => contentType === "image")).toHaveLength(Math.min(1, sizes.length));
    const hls = await crawlHls(urlOf(assetPath, "index.m3u8"));
    const segmentsOf = (all: readonly Visit[]): string[] =>
      [...new Set(all.map(({ url }) => url).filter((url) => url.endsWith(".m4s")))].toSorted();
    expect(segmentsOf(visits)).toEqual(segmentsOf(hls.visits));
  });

  it("has a poster and a storyboard over its whole length, when it has a picture", async () => {
    const { poster, storyboard } = await publishedAt(site, assetPath);
    const pictures = [poster, storyboard].filter((uri) => uri !== undefined);
    expect(pictures).toHaveLength(sizes.length > 0 ? 2 : 0);
    const crawls = pictures.filter((uri) => uri.endsWith(".vtt")).map((uri) => crawlStoryboard(urlOf(assetPath, uri)));
    for (const { cues, visits } of await Promise.all(crawls)) {
      expect(visits).toEqual(visits.map(due));
      expect(visits.length).toBeGreaterThan(1);
      expect(cues.map(({ startSeconds }) => startSeconds)).toEqual([0, ...cues.slice(0, -1).map(({ endSeconds }) => endSeconds)]);
      expect(Math.abs((cues.at(-1)?.endSeconds ?? 0) - seconds)).toBeLessThan(0.1);
    }
    const shapes = await Promise.all(pictures.filter((uri) => uri.endsWith(".jpg")).map((uri) => streamsOf(urlOf(assetPath, uri))));
    expect(shapes.flat().map(({ codec, width, height }) => `${codec} ${width}x${height}`)).toEqual(
      sizes.slice(0, 1).map((size) => `mjpeg ${size}`),
    );
  });

  it("decodes to the end in every variant and in the MPD without a word", async () => {
    const { playlists } = await crawlHls(urlOf(assetPath, "index.m3u8"));
    const media = [...playlists].filter(([, { isIFramesOnly, map }]) => !isIFramesOnly && map !== undefined).map(([url]) => url);
    expect(media).toHaveLength(sizes.length + audioRenditions);
    const manifests = ["index.m3u8", "index.mpd"].map((file) => urlOf(assetPath, file));
    for (const input of [...manifests, ...media]) expect([input, await decodeComplaints(input)]).toEqual([input, ""]);
  });

  it("has the geometry and the range of the source, and picture and sound that end together", async () => {
    const { multivariant } = await crawlHls(urlOf(assetPath, "index.m3u8"));
    const locate = (uri = ""): string => new URL(uri, urlOf(assetPath, "")).href;
    const sound = multivariant.media.filter((attributes) => attributes.get("TYPE") === "AUDIO");
    const audio = (await Promise.all(sound.map((attributes) => streamsOf(locate(attributes.get("URI")))))).flat();
    expect(audio.map(({ kind, codec }) => `${kind} ${codec}`)).toEqual(audio.map(() => "audio aac"));
    for (const { uri, attributes } of multivariant.variants) {
      const streams = await streamsOf(locate(uri));
      const pictures = streams.filter(({ kind }) => kind === "video");
      expect(streams).toHaveLength(1);
      expect(pictures.map(({ width, height }) => `${width}x${height}`)).toEqual(
        sizes.filter((size) => size === attributes.get("RESOLUTION")),
      );
      expect(pictures.map(({ sampleAspectRatio }) => sampleAspectRatio)).toEqual(pictures.map(() => "1:1"));
      expect(pictures.map(({ frameRate }) => frameRate)).toEqual(pictures.map(() => fraction(clip.frameRate)));
      const [starts, ends] = [
        [...streams, ...audio].map(({ startSeconds }) => startSeconds),
        [...streams, ...audio].map(({ endSeconds }) => endSeconds),
      ];
      for (const end of ends) expect(Math.abs(end - seconds)).toBeLessThan(0.1);
      expect(Math.max(...ends) - Math.min(...ends)).toBeLessThan(AUDIO_FRAME_SECONDS);
      expect(Math.max(...starts) - Math.min(...starts)).toBeLessThan(AUDIO_FRAME_SECONDS);
    }
  });
});

const fraction = (rate = ""): string => (rate.includes("/") ? rate : `${rate}/1`);

/** The event of an upload that was made before, as SQS would deliver it a second time. */
async function eventOf(key: string, etag: string, sizeBytes: number): Promise<string> {
  const upload = { kind: "Put", bucket: "uploads", key, sizeBytes, etag, region: "us-east-1", time: new Date(), sequence: 1 } as const;
  return s3Event(upload);
}

describe("what is published already", () => {
  const assetPath = "again/clip";
  const key = `${assetPath}.mp4`;
  let etag = "";
  let revision = "";

  beforeAll(async () => {
    etag = await uploadFile(site, site.path("one second.mp4"), { key });
    ({ revision } = await publishedAt(site, assetPath));
    await untilEmpty(site);
  });

  it("is not published again by a second delivery of its event", async () => {
    const before = await keysOf(site, `${assetPath}/`);
    expect(await settledCount(daemon.url, "duplicate")).toBe(0);
    await send(site, await eventOf(key, etag, 1));
    await expect.poll(() => settledCount(daemon.url, "duplicate"), { timeout: 20_000 }).toBe(1);
    await untilEmpty(site);
    expect((await assetAt(site, assetPath))?.revision).toBe(revision);
    expect(await keysOf(site, `${assetPath}/`)).toEqual(before);
  });

  it("gets a pointer back that was lost, by a redelivery", async () => {
    const lost = await textOf(site, `${assetPath}/index.m3u8`);
    await site.s3.send(new DeleteObjectCommand({ Bucket: "published", Key: `${assetPath}/index.m3u8` }));
    expect(await textOf(site, `${assetPath}/index.m3u8`)).toBeUndefined();
    await send(site, await eventOf(key, etag, 1));
    await until("the pointer is back", () => textOf(site, `${assetPath}/index.m3u8`));
    expect(await textOf(site, `${assetPath}/index.m3u8`)).toBe(lost);
    expect((await assetAt(site, assetPath))?.revision).toBe(revision);
    await untilEmpty(site);
  });

  it("keeps its objects when other content at the same key makes a new revision", async () => {
    const old = await keysOf(site, `${assetPath}/r/${revision}/`);
    expect(old.length).toBeGreaterThan(5);
    await uploadFile(site, site.path("29.97.mp4"), { key });
    const next = await publishedAt(site, assetPath, { not: revision });
    expect(next.frameRate).toBe("30000/1001");
    expect(await keysOf(site, `${assetPath}/r/${revision}/`)).toEqual(old);
    expect(await decodeComplaints(urlOf(assetPath, `r/${revision}/v180/index.m3u8`))).toBe("");
  });

  it("is not replaced by another key of the same stem", async () => {
    const before = await assetAt(site, assetPath);
    await uploadFile(site, site.path("video only.mp4"), { key: `${assetPath}.mov` });
    const failure = await until("the failure record", async () =>
      (await failuresOf(site)).find(({ code }) => code === "destination_conflict"),
    );
    expect(failure.body).toContain(`${assetPath}.mov`);
    expect(await assetAt(site, assetPath)).toEqual(before);
    await untilEmpty(site);
  });

  it("is published at another path, too, when a job names one", async () => {
    await send(site, { ladderd: 1, source: { bucket: "uploads", key: `${assetPath}.mov` }, assetPath: "else/where" });
    const asset = await publishedAt(site, "else/where");
    expect(asset.renditions.map(({ kind }) => kind)).toEqual(["video"]);
    expect(await decodeComplaints(urlOf("else/where", "index.m3u8"))).toBe("");
    // Its pointers are there a little before its end.
    await expect
      .poll(() => logged(daemon, { msg: "job ended", outcome: "published", assetPath: "else/where" }), { timeout: 30_000 })
      .toHaveLength(1);
  });
});
