import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createElasticTranscoder } from "../../../src/aws/elastic-transcoder.ts";
import { createMediaConvert } from "../../../src/aws/mediaconvert.ts";
import { readNotification } from "../../../src/engines/elastic-transcoder/states.ts";
import { readEvent } from "../../../src/engines/mediaconvert/states.ts";
import type { RemoteEngine } from "../../../src/engines/remote.ts";
import type { RemoteReport, RemoteState } from "../../../src/engines/remote-state.ts";
import { isFinal, mergeState } from "../../../src/engines/remote-state.ts";
import { FAST, ffmpeg, picture, tone } from "../../helpers/clips.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { aPlan } from "../../helpers/plans.ts";
import { aRemoteRequest } from "../../helpers/remote.ts";
import { aSource, aVideoTrack, anAudioTrack } from "../../helpers/sources.ts";
import { TEST_BUCKETS } from "../../support/embedded-aws.ts";
import { PIPELINE_ID, startTestElasticTranscoder, topicInto } from "../../support/fake-elastic-transcoder.ts";
import { startTestMediaConvert } from "../../support/fake-mediaconvert.ts";
import { drainQueue } from "../../support/queue.ts";
import { until } from "../../support/until.ts";
import type { EngineSite } from "./engine-site.ts";
import { bytesOf, keysBelow, openEngineSite } from "./engine-site.ts";

const SECONDS = 7;
const ONE_SOUND = "in/one sound.mp4";
const TWO_SOUNDS = "in/two sounds.mp4";
const rates = { submitsPerSecond: 2, submitBurst: 100, readsPerSecond: 4, readBurst: 50 };
const { signal } = new AbortController();
let site: EngineSite;

beforeAll(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  site = await openEngineSite();
  const words = join(site.folder, "words.srt");
  await writeFile(words, "1\n00:00:01,000 --> 00:00:02,000\nHello\n");
  const inputs = [...picture({ size: "320x180", seconds: SECONDS }), ...tone({ seconds: SECONDS })];
  const second = [...tone({ seconds: SECONDS, frequency: 880 }), "-i", words];
  await upload(ONE_SOUND, [...inputs, ...FAST, "-map", "0", "-map", "1"]);
  await upload(TWO_SOUNDS, [...inputs, ...second, ...FAST, ...["-map", "0", "-map", "1", "-map", "2", "-map", "3", "-c:s", "mov_text"]]);
}, 180_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await site[Symbol.asyncDispose]();
});

async function upload(key: string, args: readonly string[]): Promise<void> {
  const file = join(site.folder, "upload.mp4");
  await ffmpeg(...args, "-y", file);
  await site.s3.send(new PutObjectCommand({ Bucket: TEST_BUCKETS.uploads, Key: key, Body: await readFile(file) }));
}

const video = aVideoTrack({
  displayWidth: 320,
  displayHeight: 180,
  frameRate: { num: 25, den: 1 },
  durationSeconds: SECONDS,
  frameCount: 25 * SECONDS,
});
const sound = anAudioTrack({ durationSeconds: SECONDS });
const source = { video, durationSeconds: SECONDS, audio: [sound] };
const rungs = [
  { shortSide: 90, capBps: 150_000 },
  { shortSide: 180, capBps: 300_000 },
];
const words = { index: 3, codec: "mov_text", language: "en", forced: false };
const german = { ...sound, index: 2, language: "de", isDefault: false };

const aRequest = (prefix: string, key: string) => {
  const tracks = key === ONE_SOUND ? source : { ...source, audio: [sound, german], text: [words] };
  return aRemoteRequest({
    plan: aPlan(aSource(tracks), aLadder({ rungs })),
    source: { bucket: TEST_BUCKETS.uploads, key },
    destination: { bucket: TEST_BUCKETS.publish, prefix },
    token: `${prefix.replaceAll("/", "-")}.1`,
    notBefore: new Date(),
  });
};

const untilFinal = (engine: RemoteEngine, id: string): Promise<RemoteState> =>
  until(
    "the job has ended",
    async () => {
      const state = await engine.read(id, signal);
      return isFinal(state) ? state : undefined;
    },
    90_000,
  );

/** What the events of the job come to, in whatever order the queue has them. */
async function toldByEvents(id: string, read: (body: unknown) => RemoteReport | undefined): Promise<RemoteState> {
  let state: RemoteState | undefined;
  return until("the last event has come", async () => {
    for (const { Body = "" } of await drainQueue(site, site.eventsQueueUrl)) {
      const report = read(JSON.parse(Body));
      if (report?.id === id && report.state) state = mergeState(state, report.state);
    }
    return state && isFinal(state) ? state : undefined;
  });
}

const durationsIn = (playlist: Buffer): readonly number[] =>
  [...playlist.toString().matchAll(/#EXTINF:([\d.]+)/g)].map(([, seconds]) => Number(seconds));

describe("MediaConvert through its adapter", () => {
  const open = async (endpoint: string): Promise<RemoteEngine> =>
    createMediaConvert({
      ...{ region: "us-east-1", endpoint, rates },
      settings: { role: "arn:aws:iam::123456789012:role/mc", qvbrQuality: 7, qualityTuning: "single_pass_hq", automatedAbr: false },
    });

  test("a plan comes out on its grid, and a submit whose answer was lost is the one job", { timeout: 120_000 }, async () => {
    await using service = await startTestMediaConvert(site.aws, { eventsQueueUrl: site.eventsQueueUrl });
    const engine = await open(service.url);
    const request = aRequest("mc/whole/r/1/", TWO_SOUNDS);
    await engine.check(signal);
    expect(engine.unsupported(request)).toStrictEqual([]);
    expect(await engine.find(request, signal)).toBeUndefined();
    service.switches.loseAnswers = 1;
    await expect(engine.submit(request, signal)).rejects.toMatchObject({ unclear: true });
    const id = (await engine.find(request, signal)) ?? "none";
    expect(await engine.submit(request, signal)).toBe(id);
    expect(service.jobs()).toHaveLength(1);
    expect(await untilFinal(engine, id)).toMatchObject({ kind: "complete" });
    expect(await toldByEvents(id, readEvent)).toMatchObject({ kind: "complete", outputs: { playlists: { length: 2 } } });
    const { prefix } = request.destination;
    const playlists = (await keysBelow(site, prefix)).filter((key) => key.endsWith(".m3u8"));
    expect(playlists).toEqual(expect.arrayContaining(["v90", "v180", "a-en", "a-de", "t-en"].map((name) => `index_${name}.m3u8`)));
    for (const name of ["v90", "v180"]) expect(durationsIn(await bytesOf(site, `${prefix}index_${name}.m3u8`))).toStrictEqual([6, 1]);
    await engine.cancel(id, signal);
    engine.close();
  });

  test(
    "fault 54: throttled, it is asked again until it takes the job, which can be cancelled while it waits",
    { timeout: 120_000 },
    async () => {
      await using service = await startTestMediaConvert(site.aws);
      const engine = await open(service.url);
      service.switches.stall = "submitted";
      service.switches.refuse = { error: "TooManyRequestsException", operation: "CreateJob", times: 2 };
      const id = await engine.submit(aRequest("mc/throttled/r/1/", ONE_SOUND), signal);
      expect(service.jobs()).toHaveLength(1);
      expect(await engine.read(id, signal)).toStrictEqual({ kind: "submitted" });
      await engine.cancel(id, signal);
      expect(await engine.read(id, signal)).toStrictEqual({ kind: "canceled" });
      engine.close();
    },
  );
});

describe("Elastic Transcoder through its adapter", () => {
  test("a plan comes out in both formats, and a submit whose answer was lost is found again", { timeout: 120_000 }, async () => {
    const topicArn = await topicInto(site.aws, site.eventsQueueUrl, "transcoded");
    await using service = await startTestElasticTranscoder(site.aws, { topicArn });
    const settings = { pipelineId: PIPELINE_ID, presets: [] };
    const engine = await createElasticTranscoder({ region: "us-east-1", endpoint: service.url, rates, settings });
    const request = aRequest("ets/whole/r/1/", ONE_SOUND);
    await engine.check(signal);
    expect(engine.unsupported(request)).toStrictEqual([]);
    service.switches.loseAnswers = 1;
    await expect(engine.submit(request, signal)).rejects.toMatchObject({ unclear: true });
    const id = (await engine.find(request, signal)) ?? "none";
    expect(service.jobs()).toHaveLength(1);
    const polled = await untilFinal(engine, id);
    const { prefix } = request.destination;
    expect(polled).toMatchObject({ kind: "complete", outputs: { playlists: [`${prefix}index-hls.m3u8`, `${prefix}index-dash.mpd`] } });
    expect(await toldByEvents(id, readNotification)).toMatchObject({ kind: "complete" });
    expect(await keysBelow(site, prefix)).toEqual(
      expect.arrayContaining(["index-hls.m3u8", "index-dash.mpd", "hls-v180_v4.m3u8", "hls-a.ts"]),
    );
    await engine.cancel(id, signal);
    engine.close();
  });
});
