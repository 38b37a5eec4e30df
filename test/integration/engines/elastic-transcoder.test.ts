import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ElasticTranscoderClient } from "@aws-sdk/client-elastic-transcoder";
import {
  CreateJobCommand,
  ListJobsByPipelineCommand,
  ListJobsByStatusCommand,
  ReadJobCommand,
  ReadPipelineCommand,
  ReadPresetCommand,
} from "@aws-sdk/client-elastic-transcoder";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FakeElasticTranscoder } from "../../../src/cli/dev/engines/elastic-transcoder/service.ts";
import { TEST_BUCKETS } from "../../support/embedded-aws.ts";
import { decodeComplaints, streamsOf } from "../../support/decode.ts";
import { PIPELINE_ID, startTestElasticTranscoder, topicInto } from "../../support/fake-elastic-transcoder.ts";
import { parseMpd } from "../../support/mpd.ts";
import { parsePlaylist } from "../../support/playlist.ts";
import { aJob, aSmallJob, elasticTranscoderClient, notificationsOf, submit, untilStatus } from "./elastic-transcoder-site.ts";
import type { EngineSite } from "./engine-site.ts";
import { bytesOf, keysBelow, openEngineSite } from "./engine-site.ts";

let site: EngineSite;
let fake: FakeElasticTranscoder;
let client: ElasticTranscoderClient;

beforeAll(async () => {
  site = await openEngineSite();
  const topicArn = await topicInto(site.aws, site.eventsQueueUrl, "engine-topic");
  fake = await startTestElasticTranscoder(site.aws, { topicArn });
  client = elasticTranscoderClient(site, fake.url);
});
afterAll(async () => {
  client.destroy();
  await fake[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

describe("a job for HLS version 4 and MPEG-DASH", () => {
  let jobId = "";
  beforeAll(async () => {
    jobId = await submit(client, aJob("a/r/1/"));
  });

  test("goes through its states and tells them through the topic", async () => {
    const told = await notificationsOf(site, jobId, (taken) => taken.some(({ state }) => state === "COMPLETED"));
    expect(told.map(({ state }) => state)).toEqual(["PROGRESSING", "COMPLETED"]);
    expect(told[1]).toMatchObject({
      ...{ pipelineId: PIPELINE_ID, input: { frameRate: "auto", container: "auto" }, inputCount: 1, outputKeyPrefix: "a/r/1/" },
      userMetadata: { claim: "a claim", attempt: "1" },
      playlists: [{ name: "index", format: "HLSv4", outputKeys: ["400k", "600k", "sound"], status: "Complete" }, {}],
    });
    expect(told[1]?.["outputs"]).toMatchObject([
      { id: "1", key: "400k", segmentDuration: 2, status: "Complete", width: 320, height: 180, thumbnailPattern: "thumbs/400k-{count}" },
      ...[{ id: "2", key: "600k" }, { id: "3" }, { id: "4" }, { id: "5" }],
    ]);
  });

  test("is told by ReadJob with each output", async () => {
    const job = await untilStatus(client, jobId, "Complete");
    expect(job).toMatchObject({ UserMetadata: { claim: "a claim" }, Playlists: [{ Status: "Complete" }, { Status: "Complete" }] });
    expect(job.Outputs?.[0]).toMatchObject({ Id: "1", Status: "Complete", Width: 320, Height: 180, FrameRate: "30", Duration: 4 });
  });

  test("has written what Elastic Transcoder writes, by its names", async () => {
    await untilStatus(client, jobId, "Complete");
    expect(await keysBelow(site, "a/r/1/")).toEqual([
      ...["400k.ts", "400k_iframe.m3u8", "400k_v4.m3u8", "600k.ts", "600k_iframe.m3u8", "600k_v4.m3u8"],
      ...["dash/index.mpd", "dash/sound.mp4", "dash/video.mp4", "index.m3u8", "sound.ts", "sound_v4.m3u8", "thumbs/400k-00001.png"],
    ]);
    const top = parsePlaylist((await bytesOf(site, "a/r/1/index.m3u8")).toString());
    expect(top.variants.map(({ uri, attributes }) => [uri, attributes.get("RESOLUTION"), attributes.get("CODECS")])).toEqual([
      ["400k_v4.m3u8", "320x180", "avc1.42c01e"],
      ["600k_v4.m3u8", "320x180", "avc1.42c01e"],
    ]);
    expect(top.media.map((media) => media.get("URI"))).toEqual(["sound_v4.m3u8"]);
    expect(top.iFrames.map((frames) => frames.get("URI"))).toEqual(["400k_iframe.m3u8", "600k_iframe.m3u8"]);
  });

  test("has byte ranges that all decode, of segments and of I-frames", async () => {
    await untilStatus(client, jobId, "Complete");
    const media = await bytesOf(site, "a/r/1/400k.ts");
    for (const name of ["400k_v4.m3u8", "400k_iframe.m3u8"]) {
      const { segments } = parsePlaylist((await bytesOf(site, `a/r/1/${name}`)).toString());
      expect(segments).toHaveLength(2);
      expect(segments.reduce((total, { seconds }) => total + seconds, 0)).toBeCloseTo(4, 1);
      for (const { uri, range } of segments) {
        expect(uri).toBe("400k.ts");
        const file = join(site.folder, "segment.ts");
        await writeFile(file, media.subarray(range?.offset, (range?.offset ?? 0) + (range?.bytes ?? 0)));
        expect(await decodeComplaints(file)).toBe("");
      }
    }
  });

  test("has an MPD whose files are one track each", async () => {
    await untilStatus(client, jobId, "Complete");
    const { representations, durationSeconds } = parseMpd((await bytesOf(site, "a/r/1/dash/index.mpd")).toString());
    expect(durationSeconds).toBeCloseTo(4, 1);
    expect(representations.map(({ contentType, files }) => [contentType, files])).toEqual([
      ["video", ["video.mp4"]],
      ["audio", ["sound.mp4"]],
    ]);
    const file = join(site.folder, "video.mp4");
    await writeFile(file, await bytesOf(site, "a/r/1/dash/video.mp4"));
    expect(await decodeComplaints(file)).toBe("");
    expect(await streamsOf(file)).toMatchObject([{ codec: "h264", width: 320, height: 180 }]);
  });

  test("is found by its pipeline and by its status", async () => {
    await untilStatus(client, jobId, "Complete");
    const byPipeline = await client.send(new ListJobsByPipelineCommand({ PipelineId: PIPELINE_ID, Ascending: "true" }));
    const byStatus = await client.send(new ListJobsByStatusCommand({ Status: "Complete" }));
    for (const { Jobs = [] } of [byPipeline, byStatus]) expect(Jobs.map(({ Id }) => Id)).toContain(jobId);
    expect((await client.send(new ListJobsByStatusCommand({ Status: "Error" }))).Jobs).toEqual([]);
  });

  test("never overwrites: the same once more ends with 3002", async () => {
    await untilStatus(client, jobId, "Complete");
    const again = await submit(client, aJob("a/r/1/"));
    const told = await notificationsOf(site, again, (taken) => taken.some(({ state }) => state === "ERROR"));
    expect(told.at(-1)).toMatchObject({ errorCode: 3002 });
    expect((await untilStatus(client, again, "Error")).Outputs?.[0]?.StatusDetail).toMatch(/^3002 /);
  });
});

test("HLS version 3 has a file for each segment", async () => {
  await untilStatus(client, await submit(client, aSmallJob("v3/")), "Complete");
  expect(await keysBelow(site, "v3/")).toEqual(["400k.m3u8", "400k00000.ts", "400k00001.ts", "index.m3u8"]);
  const file = join(site.folder, "second.ts");
  await writeFile(file, await bytesOf(site, "v3/400k00001.ts"));
  expect(await decodeComplaints(file)).toBe("");
  expect((await streamsOf(file)).map(({ codec }) => codec)).toEqual(["h264", "aac"]);
});

test("the pipeline and the captured presets are told", async () => {
  const { Pipeline } = await client.send(new ReadPipelineCommand({ Id: PIPELINE_ID }));
  expect(Pipeline).toMatchObject({ Status: "Active", InputBucket: TEST_BUCKETS.uploads, OutputBucket: TEST_BUCKETS.publish });
  const { Preset } = await client.send(new ReadPresetCommand({ Id: "1351620000001-200015" }));
  expect(Preset).toMatchObject({ Container: "ts", Video: { BitRate: "1872", KeyframesMaxDist: "90", MaxWidth: "1024" }, Type: "System" });
  for (const command of [
    new ReadPipelineCommand({ Id: "2222222222222-abcde2" }),
    new ReadPresetCommand({ Id: "none" }),
    new ReadJobCommand({ Id: "none" }),
  ])
    await expect(client.send(command)).rejects.toMatchObject({ name: "ResourceNotFoundException", $metadata: { httpStatusCode: 404 } });
});

const [first] = aJob("bad/").Outputs ?? [];

test.each([
  ["two outputs of one key", aJob("bad/", { Outputs: [{ ...first }, { ...first }], Playlists: [] })],
  ["a prefix without a slash", aJob("bad")],
  ["a segment of a minute and a second", aJob("bad/", { Outputs: [{ ...first, SegmentDuration: "61" }], Playlists: [] })],
  ["a thumbnail pattern without a count", aJob("bad/", { Outputs: [{ ...first, ThumbnailPattern: "t" }], Playlists: [] })],
  ["a playlist of an output that is not there", aJob("bad/", { Playlists: [{ Name: "index", Format: "HLSv4", OutputKeys: ["other"] }] })],
  ["MPEG-DASH of transport streams", aJob("bad/", { Playlists: [{ Name: "index", Format: "MPEG-DASH", OutputKeys: ["400k"] }] })],
  ["a character that user metadata may not have", aJob("bad/", { UserMetadata: { name: "ü" } })],
])("refuses %s", async (_, job) => {
  await expect(client.send(new CreateJobCommand(job))).rejects.toMatchObject({
    name: "ValidationException",
    $metadata: { httpStatusCode: 400 },
  });
});
