import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { FakeElasticTranscoder } from "../../src/cli/dev/engines/elastic-transcoder/service.ts";
import type { FakeMediaConvert } from "../../src/cli/dev/engines/mediaconvert/service.ts";
import { notificationSchema } from "../../src/notify/notification.ts";
import { conformance } from "../conformance/conformance.ts";
import { makeClip } from "../support/clips.ts";
import { closeCleanly } from "../support/close-cleanly.ts";
import type { HlsCrawl } from "../support/crawl.ts";
import { crawlDash, crawlHls } from "../support/crawl.ts";
import type { Daemon } from "../support/daemon.ts";
import { startDaemon } from "../support/daemon.ts";
import { decodeComplaints } from "../support/decode.ts";
import { TEST_BUCKETS } from "../support/embedded-aws.ts";
import { PIPELINE_ID, startTestElasticTranscoder, topicInto } from "../support/fake-elastic-transcoder.ts";
import { startTestMediaConvert } from "../support/fake-mediaconvert.ts";
import type { Asset } from "../support/published.ts";
import { failuresOf, publishedAt } from "../support/published.ts";
import { drainQueue, makeQueue, send } from "../support/queue.ts";
import type { Site } from "../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../support/site.ts";
import { until } from "../support/until.ts";

const ENGINES = ["ffmpeg", "mediaconvert", "elastic-transcoder"] as const;
type Engine = (typeof ENGINES)[number];

/** The table of docs/engines.md: the rows of a property, the engines' cells in the order above. */
const TABLE = new Map(
  readFileSync("docs/engines.md", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, name = "", ...cells]) => [name.replaceAll("`", ""), cells.slice(0, ENGINES.length)] as const),
);

let site: Site;
let mediaConvert: FakeMediaConvert;
let elasticTranscoder: FakeElasticTranscoder;
let daemon: Daemon;
let subscriberUrl = "";
let toldUrl = "";
const facts = new Map<Engine, Readonly<Record<string, unknown>>>();

beforeAll(async () => {
  site = await openSite("parity");
  const eventsQueueUrl = await makeQueue(site, "engine-events", 30);
  mediaConvert = await startTestMediaConvert(site.aws, { eventsQueueUrl });
  const topicArn = await topicInto(site.aws, eventsQueueUrl, "engine-events");
  subscriberUrl = await makeQueue(site, "old-subscribers", 30);
  toldUrl = await makeQueue(site, "told", 30);
  const pipeline = { id: PIPELINE_ID, inputBucket: QUIET_BUCKET, outputBucket: TEST_BUCKETS.publish, topicArn };
  elasticTranscoder = await startTestElasticTranscoder(site.aws, { pipelines: [pipeline] });
  const clip = await makeClip(site.path("film.mp4"), { seconds: 13, rate: "25", size: "640x360" });
  await uploadFile(site, clip, { bucket: QUIET_BUCKET, key: "film.mp4" });
  await writeFile(site.path("film.en.srt"), "1\n00:00:01,000 --> 00:00:03,000\nA line.\n");
  await uploadFile(site, site.path("film.en.srt"), { bucket: QUIET_BUCKET, key: "film.en.srt" });
  daemon = await startDaemon({
    env: {
      ...site.daemonEnv("work"),
      AWS_ENDPOINT_URL_MEDIACONVERT: mediaConvert.url,
      AWS_ENDPOINT_URL_ELASTIC_TRANSCODER: elasticTranscoder.url,
      LADDERD_EVENTS_QUEUE_URL: eventsQueueUrl,
      LADDERD_ENGINES: ENGINES.join(","),
      LADDERD_MEDIACONVERT_ROLE: "arn:aws:iam::111122223333:role/MediaConvert",
      LADDERD_ELASTIC_TRANSCODER_PIPELINE_ID: PIPELINE_ID,
      LADDERD_COMPAT_NOTIFICATIONS: await topicInto(site.aws, subscriberUrl, "old-subscribers"),
      LADDERD_NOTIFY_TOPIC_ARN: await topicInto(site.aws, toldUrl, "told"),
    },
  });
  for (const engine of ENGINES) {
    await send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: "film.mp4" }, assetPath: `by/${engine}`, engine });
    const asset = await publishedAt(site, `by/${engine}`);
    facts.set(engine, await factsOf(asset));
  }
}, 240_000);

afterAll(async () => {
  await mediaConvert?.[Symbol.asyncDispose]();
  await elasticTranscoder?.[Symbol.asyncDispose]();
  await closeCleanly(site, daemon);
});

const urlOf = (engine: string): string => `${site.origin.url}/by/${engine}/`;

/** What of a publication the engines are compared by. Every URI of it is fetched on the way. */
async function factsOf(asset: Asset): Promise<Readonly<Record<string, unknown>>> {
  const url = urlOf(asset.engine);
  const hls = await crawlHls(`${url}index.m3u8`);
  const dash = await crawlDash(`${url}index.mpd`);
  const visits = [...hls.visits, ...dash.visits];
  const media = visits.filter(({ url: visited }) => !/\.(?:m3u8|mpd)$/.test(visited));
  const { durationSeconds, width, height, frameRate, renditions, audio, text } = asset;
  return {
    answers: [...new Set(visits.map(({ status }) => (status === 206 ? 200 : status)))],
    "cache headers": [...new Set(media.map(({ cacheControl }) => cacheControl))],
    pointers: [asset.hls, asset.dash],
    "fields of asset.json": Object.keys(asset)
      .filter((name) => name !== "degraded")
      .toSorted(),
    duration: Math.round(durationSeconds * 10) / 10,
    size: `${width}x${height}`,
    "frame rate": frameRate,
    sound: audio,
    pictures: [asset.poster !== undefined, asset.storyboard !== undefined],
    "protocol of the sound": hls.multivariant.media
      .map((attributes) => [attributes.get("LANGUAGE"), attributes.get("CHANNELS")])
      .slice(0, audio.length),
    boundaries: boundariesOf(hls),
    "target durations": targetsOf(hls).size,
    "I-frame playlists": hls.multivariant.iFrames.length > 0,
    renditions: renditions.map(({ id }) => id),
    sizes: renditions.map((rendition) => `${rendition.width}x${rendition.height}`),
    codecs: [...new Set(renditions.map(({ codecs }) => codecs.split(".")[0]))],
    text: text.map(({ id, language }) => [id, language]),
    "container of HLS": [
      ...new Set(media.filter(({ url: visited }) => /\.(?:ts|m4s)$/.test(visited)).map(({ url: visited }) => visited.split(".").at(-1))),
    ],
    "files of HLS and DASH are the same": sharedFiles(hls, dash.visits),
  };
}

/** When the segments of each media playlist of pictures begin, in tenths of a second. */
function boundariesOf({ multivariant, playlists }: HlsCrawl): readonly unknown[] {
  const names = multivariant.variants.map(({ uri }) => uri);
  const pictures = [...playlists].filter(([url]) => names.some((uri) => url.endsWith(uri)));
  const starts = pictures.map(([, { segments }]) => {
    let at = 0;
    return segments.map(({ seconds }) => {
      at += seconds;
      return Math.round(at * 10) / 10;
    });
  });
  return [...new Set(starts.map((list) => list.join(" ")))];
}

/** The target durations of all playlists but those of I frames, which play at a pace of their own. */
function targetsOf({ multivariant, playlists }: HlsCrawl): ReadonlySet<number | undefined> {
  const iFrames = multivariant.iFrames.map((attributes) => attributes.get("URI") ?? "");
  const others = [...playlists].filter(([url]) => !iFrames.some((uri) => url.endsWith(uri)));
  return new Set(others.map(([, { targetDuration }]) => targetDuration));
}

function sharedFiles({ visits }: HlsCrawl, dash: HlsCrawl["visits"]): boolean {
  const isMedia = (url: string): boolean => /\.(?:m4s|ts)$|\/dash-[^/]+$/.test(url);
  const ofHls = new Set(visits.map(({ url }) => url).filter(isMedia));
  return dash
    .map(({ url }) => url)
    .filter(isMedia)
    .every((url) => ofHls.has(url));
}

describe("one source by each of the engines", () => {
  it.each(ENGINES)("%s: decodes to its end, from HLS", async (engine) => {
    expect(await decodeComplaints(`${urlOf(engine)}index.m3u8`)).toBe("");
  });

  it.each(["ffmpeg", "mediaconvert"] as const)("%s: breaks no rule of conformance", async (engine) => {
    expect(await conformance(urlOf(engine), { source: site.path("film.mp4") })).toStrictEqual([]);
  });

  it("is compared by every row of the table in docs/engines.md, and by no other", () => {
    expect([...TABLE.keys()].toSorted()).toEqual(Object.keys(facts.get("ffmpeg") ?? {}).toSorted());
  });

  it.each([...TABLE.keys()])("%s: is the same where the table says so, and differs where it names a difference", (name) => {
    const [ours, ...others] = ENGINES.map((engine) => facts.get(engine)?.[name]);
    expect(ours).toBeDefined();
    const cells = TABLE.get(name)?.slice(1) ?? [];
    const found = others.map((value) => (JSON.stringify(value) === JSON.stringify(ours) ? "same" : `differs: ${JSON.stringify(value)}`));
    expect(found.map((cell) => cell.split(":")[0])).toEqual(cells.map((cell) => (cell === "same" ? "same" : "differs")));
  });

  it("says which subtitles an engine has no place for", async () => {
    const asset = await publishedAt(site, "by/elastic-transcoder");
    expect(asset.degraded).toContain("text_lost:t-en");
  });
});

describe("a job that names presets of Elastic Transcoder", () => {
  const order = (assetPath: string, presets: readonly string[], engine?: string): object => ({
    ...{ ladderd: 1, source: { bucket: QUIET_BUCKET, key: "film.mp4" }, assetPath, presets },
    ...(engine === undefined ? {} : { engine }),
  });

  it.each(["ffmpeg", "mediaconvert"])("is made of them by %s", async (engine) => {
    await send(site, order(`presets/${engine}`, ["1351620000001-200035", "1351620000001-200055", "1351620000001-200060"], engine));
    const asset = await publishedAt(site, `presets/${engine}`);
    expect(asset).toMatchObject({ engine, ladder: "elastic-transcoder-presets" });
    expect(asset.renditions.map(({ id, width }) => [id, width])).toEqual([
      ["v360", 640],
      ["v224", 398],
      ["a-en", undefined],
    ]);
    expect(await conformance(`${site.origin.url}/presets/${engine}/`, { source: site.path("film.mp4") })).toStrictEqual([]);
  });

  it("is given up with the field and the file to fill in when nobody knows one of them", async () => {
    await send(site, order("presets/unknown", ["1351620000001-200035", "1234567890123-abc123"]));
    const failure = await until("the job is given up", async () =>
      (await failuresOf(site)).find(({ body }) => body.includes("presets/unknown")),
    );
    expect(failure.code).toBe("job_unknown_ladder");
    expect(failure.reason).toMatch(/presets\[1\]: preset 1234567890123-abc123 .*elasticTranscoder\.presets/);
  });
});

const envelope = z.object({ Type: z.literal("Notification"), Subject: z.string().optional(), Message: z.string() });

/** What a topic's subscriber was told so far, and the subject of each. */
async function toldBy(queueUrl: string): Promise<readonly { readonly subject: string | undefined; readonly message: unknown }[]> {
  const bodies = (await drainQueue(site, queueUrl)).map(({ Body = "" }) => envelope.parse(JSON.parse(Body)));
  return bodies.map(({ Subject, Message }) => ({ subject: Subject, message: JSON.parse(Message) }));
}

describe("who is told, whichever engine did the work", () => {
  it("are subscribers that were written for Elastic Transcoder, in its own shape", async () => {
    const completed = z.looseObject({
      ...{ state: z.literal("COMPLETED"), version: z.literal("2012-09-25"), pipelineId: z.literal(PIPELINE_ID) },
      outputKeyPrefix: z.string(),
      outputs: z.array(
        z.looseObject({ id: z.string(), presetId: z.string(), key: z.string(), status: z.literal("Complete"), duration: z.literal(13) }),
      ),
      playlists: z.array(z.looseObject({ name: z.string(), format: z.string() })),
    });
    const told = await toldBy(subscriberUrl);
    const films = told.flatMap(({ message }) => completed.safeParse(message).data ?? []);
    for (const engine of ENGINES) {
      const film = films.find(({ outputKeyPrefix }) => outputKeyPrefix === `by/${engine}/`);
      // As the subscriber goes on: prefix, name, extension.
      const addresses = [...(film?.playlists ?? []).map(({ name, format }) => `${name}${format === "HLSv4" ? ".m3u8" : ".mpd"}`)];
      const outputs = (film?.outputs ?? []).map(({ key }) => `${key}${engine === "elastic-transcoder" ? "_v4" : ""}.m3u8`);
      expect(addresses).toEqual(["index.m3u8", "index.mpd"]);
      const named = [...addresses, ...outputs];
      const answers = await Promise.all(
        named.map(async (name) => (await fetch(`${site.origin.url}/${film?.outputKeyPrefix}${name}`)).status),
      );
      expect(answers).toEqual(named.map(() => 200));
    }
    expect(told.map(({ subject }) => subject)).toContainEqual(expect.stringMatching(/^Amazon Elastic Transcoder could not transcode job /));
  });

  it("are those of our own topic: that each film was begun, could be played first and was published", async () => {
    const tidings = (await toldBy(toldUrl)).map(({ message }) => notificationSchema.parse(message));
    for (const engine of ENGINES) {
      const events = tidings.filter((one) => "assetPath" in one && one.assetPath === `by/${engine}`).map(({ event }) => event);
      expect(events).toEqual(["first-playable", "published"]);
    }
    expect(tidings.map(({ event }) => event)).toContain("started");
    expect(tidings).toContainEqual(expect.objectContaining({ event: "rejected", code: "job_unknown_ladder" }));
  });
});
