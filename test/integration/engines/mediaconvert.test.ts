import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CancelJobCommand,
  CreateJobCommand,
  DescribeEndpointsCommand,
  GetJobCommand,
  GetJobsQueryResultsCommand,
  GetQueueCommand,
  ListJobsCommand,
  ListQueuesCommand,
  ProbeCommand,
  SearchJobsCommand,
  StartJobsQueryCommand,
} from "@aws-sdk/client-mediaconvert";
import type { MediaConvertClient } from "@aws-sdk/client-mediaconvert";
import type { FakeMediaConvert } from "../../../src/cli/dev/engines/mediaconvert/service.ts";
import { TEST_BUCKETS } from "../../support/embedded-aws.ts";
import { decodeComplaints, streamsOf } from "../../support/decode.ts";
import { startTestMediaConvert } from "../../support/fake-mediaconvert.ts";
import { parseMpd } from "../../support/mpd.ts";
import { parsePlaylist } from "../../support/playlist.ts";
import { bytesOf, keysBelow, openEngineSite, SOURCE } from "./engine-site.ts";
import type { EngineSite } from "./engine-site.ts";
import { aJob, cmafGroup, everything, eventsOf, mediaConvertClient, submit, untilStatus } from "./mediaconvert-site.ts";

let site: EngineSite;
let fake: FakeMediaConvert;
let client: MediaConvertClient;
let now = Date.now();

beforeAll(async () => {
  site = await openEngineSite();
  fake = await startTestMediaConvert(site.aws, { eventsQueueUrl: site.eventsQueueUrl, now: () => now });
  client = mediaConvertClient(site, fake.url);
});
afterAll(async () => {
  client.destroy();
  await fake[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

const ends = (events: readonly { readonly status: string }[]): boolean => events.some(({ status }) => status === "COMPLETE");

describe("a job of two rungs and one sound", () => {
  let jobId = "";
  beforeAll(async () => {
    jobId = await submit(client, aJob("a/r/1/"));
  });

  test("goes through its states and tells them in order", async () => {
    const events = await eventsOf(site, jobId, ends);
    expect([...new Set(events.map(({ status }) => status))]).toEqual(["PROGRESSING", "INPUT_INFORMATION", "STATUS_UPDATE", "COMPLETE"]);
    expect(events.at(-1)).toMatchObject({
      userMetadata: { claim: "a claim", attempt: "1" },
      outputGroupDetails: [
        {
          type: "CMAF_GROUP",
          playlistFilePaths: [`s3://${TEST_BUCKETS.publish}/a/r/1/index.mpd`, `s3://${TEST_BUCKETS.publish}/a/r/1/index.m3u8`],
          outputDetails: [{ durationInMs: 4000, videoDetails: { widthInPx: 320, heightInPx: 180 } }, {}, {}],
        },
      ],
    });
  });

  test("is told by GetJob without any path", async () => {
    const job = await untilStatus(client, jobId, "COMPLETE");
    expect(job).toMatchObject({ UserMetadata: { claim: "a claim" }, ClientRequestToken: expect.any(String), JobPercentComplete: 100 });
    expect(job.CreatedAt).toBeInstanceOf(Date);
    expect(job.OutputGroupDetails).toHaveLength(1);
    expect(JSON.stringify(job.OutputGroupDetails)).not.toContain("s3://");
  });

  test("has written what MediaConvert writes, by its names", async () => {
    await untilStatus(client, jobId, "COMPLETE");
    expect(await keysBelow(site, "a/r/1/")).toEqual(
      expect.arrayContaining([
        ...["index.m3u8", "index.mpd", "index_v180.m3u8", "index_v90.m3u8", "index_a-de.m3u8"],
        ...["index_v180init.cmfv", "index_v180_000000001.cmfv", "index_v180_000000002.cmfv"],
        ...["index_a-deinit.cmfa", "index_a-de_000000001.cmfa", "index_a-de_000000002.cmfa"],
      ]),
    );
    const top = parsePlaylist((await bytesOf(site, "a/r/1/index.m3u8")).toString());
    expect(top.variants.map(({ attributes, uri }) => [uri, attributes.get("RESOLUTION"), attributes.get("AUDIO")])).toEqual([
      ["index_v180.m3u8", "320x180", "sound"],
      ["index_v90.m3u8", "160x90", "sound"],
    ]);
    expect(top.media.map((media) => [media.get("LANGUAGE"), media.get("URI")])).toEqual([["de", "index_a-de.m3u8"]]);
    const mpd = parseMpd((await bytesOf(site, "a/r/1/index.mpd")).toString());
    const keys = await keysBelow(site, "a/r/1/");
    expect(mpd.representations).toHaveLength(3);
    for (const { files } of mpd.representations) expect(keys).toEqual(expect.arrayContaining([...files]));
  });

  test("has segments that all decode, in the sizes that were asked for", async () => {
    await untilStatus(client, jobId, "COMPLETE");
    for (const [name, facts] of [
      ["index_v180.m3u8", { codec: "h264", width: 320, height: 180 }],
      ["index_v90.m3u8", { codec: "h264", width: 160, height: 90 }],
      ["index_a-de.m3u8", { codec: "aac" }],
    ] as const) {
      const { map = "", segments, isEnded } = parsePlaylist((await bytesOf(site, `a/r/1/${name}`)).toString());
      expect(isEnded).toBe(true);
      expect(segments.map(({ seconds }) => Math.round(seconds))).toEqual([2, 2]);
      const [init, ...media] = await Promise.all([map, ...segments.map(({ uri }) => uri)].map((file) => bytesOf(site, `a/r/1/${file}`)));
      const [whole, last] = [join(site.folder, "whole.mp4"), join(site.folder, "last.mp4")];
      await writeFile(whole, Buffer.concat([init ?? Buffer.alloc(0), ...media]));
      await writeFile(last, Buffer.concat([init ?? Buffer.alloc(0), ...media.slice(-1)]));
      expect(await decodeComplaints(whole)).toBe("");
      expect(await streamsOf(last)).toMatchObject([facts]);
    }
  });

  test("is found by its input in searches, lists and queries", async () => {
    const search = await client.send(new SearchJobsCommand({ InputFile: "clip.mp4", Queue: "Default" }));
    const list = await client.send(new ListJobsCommand({ Order: "ASCENDING", MaxResults: 1 }));
    const { Id } = await client.send(new StartJobsQueryCommand({ FilterList: [{ Key: "fileInput", Values: [SOURCE] }] }));
    const found = await client.send(new GetJobsQueryResultsCommand({ Id }));
    for (const { Jobs = [] } of [search, list, found]) expect(Jobs.map((job) => job.Id)).toEqual([jobId]);
    expect((await client.send(new SearchJobsCommand({ InputFile: "other.mp4" }))).Jobs).toEqual([]);
  });
});

test("automated ABR, subtitles and frame captures come out of one job, cut after whole GOPs", async () => {
  const words = "1\n00:00:00,100 --> 00:00:00,900\nHello\n\n2\n00:00:02,500 --> 00:00:03,900\nAgain\n";
  await site.s3.send(new PutObjectCommand({ Bucket: TEST_BUCKETS.uploads, Key: "in/clip.srt", Body: words }));
  const job = aJob("all/", {
    AccelerationSettings: { Mode: "PREFERRED" },
    Settings: everything(`s3://${TEST_BUCKETS.uploads}/in/clip.srt`),
  });
  const done = await untilStatus(client, await submit(client, job), "COMPLETE", "ERROR");
  expect(done).toMatchObject({ Status: "COMPLETE", AccelerationStatus: "ACCELERATED" });
  const keys = await keysBelow(site, "all/");
  // A destination that ends with a slash takes the input's name.
  expect(keys).toEqual(expect.arrayContaining(["clip.m3u8", "clip_v_1.m3u8", "clip_v_2.m3u8", "clip_v_3.m3u8", "clip_en_000000001.vtt"]));
  expect(keys.filter((key) => key.endsWith(".jpg"))).toEqual(["frames/clip.0000000.jpg", "frames/clip.0000001.jpg"]);
  const top = parsePlaylist((await bytesOf(site, "all/clip.m3u8")).toString());
  expect(top.variants.map(({ attributes }) => attributes.get("RESOLUTION"))).toEqual(["320x180", "214x120", "160x90"]);
  expect(top.media.map((media) => [media.get("TYPE"), media.get("LANGUAGE"), media.get("NAME")])).toEqual([["SUBTITLES", "en", "English"]]);
  const media = parsePlaylist((await bytesOf(site, "all/clip_v_1.m3u8")).toString());
  expect(media.segments.map(({ seconds }) => seconds)).toEqual([1.2, 1.2, 1.2, expect.closeTo(0.4, 2)]);
});

test("a probe tells the tracks of a file, and what is no file or no media", async () => {
  const ask = (FileUrl: string) => client.send(new ProbeCommand({ InputFiles: [{ FileUrl }] }));
  const { ProbeResults } = await ask(SOURCE);
  expect(ProbeResults).toMatchObject([
    {
      Container: {
        Format: "mp4",
        Tracks: [
          { TrackType: "video", Codec: "AVC", VideoProperties: { Width: 320, Height: 180, FrameRate: { Numerator: 30, Denominator: 1 } } },
          ...["eng", "deu"].map((LanguageCode) => ({
            TrackType: "audio",
            Codec: "AAC",
            AudioProperties: { LanguageCode, SampleRate: 48_000 },
          })),
        ],
      },
      TrackMappings: [{ VideoTrackIndexes: [1], AudioTrackIndexes: [2, 3] }],
    },
  ]);
  await site.s3.send(new PutObjectCommand({ Bucket: TEST_BUCKETS.uploads, Key: "in/words.mp4", Body: "no film" }));
  await expect(ask(`s3://${TEST_BUCKETS.uploads}/none.mp4`)).rejects.toMatchObject({ name: "NotFoundException" });
  await expect(ask(`s3://${TEST_BUCKETS.uploads}/in/words.mp4`)).rejects.toMatchObject({ name: "UnprocessableEntityException" });
});

test("the queue, the queues and the endpoint are told", async () => {
  const { Queue } = await client.send(new GetQueueCommand({ Name: "Default" }));
  expect(Queue).toMatchObject({ Status: "ACTIVE", PricingPlan: "ON_DEMAND", Type: "SYSTEM" });
  expect((await client.send(new ListQueuesCommand())).Queues).toHaveLength(1);
  expect((await client.send(new DescribeEndpointsCommand())).Endpoints).toEqual([{ Url: fake.url }]);
  for (const queue of fake.queues) queue.status = "PAUSED";
  expect((await client.send(new GetQueueCommand({ Name: "Default" }))).Queue).toMatchObject({ Status: "PAUSED" });
  await expect(client.send(new GetQueueCommand({ Name: "Other" }))).rejects.toMatchObject({ name: "NotFoundException" });
  await expect(client.send(new GetJobCommand({ Id: "none" }))).rejects.toMatchObject({ name: "NotFoundException" });
});

test("a token counts for a minute: the same job again, then another one", async () => {
  fake.switches.stall = "submitted";
  const job = aJob("token/");
  const first = await submit(client, job);
  expect(await submit(client, job)).toBe(first);
  now += 60_000;
  const second = await submit(client, job);
  expect(second).not.toBe(first);
  for (const Id of [first, second]) await client.send(new CancelJobCommand({ Id }));
  fake.switches.stall = undefined;
});

const [group] = [cmafGroup("bad/")];
const withOutputs = (Outputs: typeof group.Outputs) =>
  aJob("bad/", { Settings: { Inputs: [{ FileInput: SOURCE }], OutputGroups: [{ ...group, Outputs }] } });

test.each([
  ["a role that is none", aJob("bad/", { Role: "MediaConvert" })],
  ["eleven pairs of user metadata", aJob("bad/", { UserMetadata: Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`${n}`, ""])) })],
  ["a character that user metadata may not have", aJob("bad/", { UserMetadata: { name: "ü" } })],
  ["a token of 65 characters", aJob("bad/", { ClientRequestToken: "x".repeat(65) })],
  ["two outputs of one name", withOutputs([...(group.Outputs ?? []), ...(group.Outputs ?? [])])],
  ["an audio selector that does not exist", withOutputs(group.Outputs)],
  ["no output", withOutputs([])],
  [
    "QVBR without a maximum",
    withOutputs([
      { ...group.Outputs?.[0], VideoDescription: { CodecSettings: { Codec: "H_264", H264Settings: { RateControlMode: "QVBR" } } } },
    ]),
  ],
])("refuses %s", async (_, job) => {
  await expect(client.send(new CreateJobCommand(job))).rejects.toMatchObject({
    name: "BadRequestException",
    $metadata: { httpStatusCode: 400 },
  });
});

test("an input that is not there ends the job with 1404", async () => {
  const Settings = {
    ...aJob("none/").Settings,
    Inputs: [{ FileInput: `s3://${TEST_BUCKETS.uploads}/none.mp4` }],
    OutputGroups: [{ ...group, Outputs: group.Outputs?.slice(0, 1) }],
  };
  const id = await submit(client, aJob("none/", { Settings }));
  expect(await untilStatus(client, id, "ERROR")).toMatchObject({ ErrorCode: 1404 });
});
