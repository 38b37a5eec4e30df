import type { ElasticTranscoderClient } from "@aws-sdk/client-elastic-transcoder";
import { CancelJobCommand, CreateJobCommand, ListJobsByPipelineCommand, ReadJobCommand } from "@aws-sdk/client-elastic-transcoder";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { FakeElasticTranscoder } from "../../../src/cli/dev/engines/elastic-transcoder/service.ts";
import { ELASTIC_TRANSCODER_QUOTAS } from "../../../src/cli/dev/engines/elastic-transcoder/service.ts";
import { noFaults } from "../../../src/cli/dev/engines/switches.ts";
import { PIPELINE_ID, startTestElasticTranscoder, topicInto } from "../../support/fake-elastic-transcoder.ts";
import { aSmallJob, elasticTranscoderClient, notificationsOf, submit, untilStatus } from "./elastic-transcoder-site.ts";
import type { EngineSite } from "./engine-site.ts";
import { keysBelow, openEngineSite } from "./engine-site.ts";

let site: EngineSite;
let fake: FakeElasticTranscoder;
let client: ElasticTranscoderClient;

// One encode for all jobs here: they differ in their prefix alone.
beforeAll(async () => {
  site = await openEngineSite();
  const topicArn = await topicInto(site.aws, site.eventsQueueUrl, "engine-topic");
  fake = await startTestElasticTranscoder(site.aws, { topicArn, fast: true });
  client = elasticTranscoderClient(site, fake.url);
});
beforeEach(() => {
  Object.assign(fake.switches, noFaults());
});
afterAll(async () => {
  client.destroy();
  await fake[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

const statesOf = (told: readonly { readonly state: string }[]): readonly string[] => told.map(({ state }) => state);
const has = (state: string) => (told: readonly { readonly state: string }[]) => statesOf(told).includes(state);
const WHOLE = ["400k.m3u8", "400k00000.ts", "400k00001.ts", "index.m3u8"];

test.each([
  ["ValidationException", 400],
  ["IncompatibleVersionException", 400],
  ["AccessDeniedException", 403],
  ["ResourceNotFoundException", 404],
  ["ResourceInUseException", 409],
  ["LimitExceededException", 429],
  ["ThrottlingException", 429],
  ["InternalServiceException", 500],
] as const)("refuse answers %s as the client knows it", async (error, httpStatusCode) => {
  fake.switches.refuse = { error };
  await expect(client.send(new CreateJobCommand(aSmallJob("refused/")))).rejects.toMatchObject({
    name: error,
    $metadata: { httpStatusCode },
  });
});

test("a lost answer leaves a job that the pipeline's list has, with its user metadata", async () => {
  fake.switches.loseAnswers = 1;
  const UserMetadata = { claim: "lost" };
  await expect(client.send(new CreateJobCommand(aSmallJob("lost/", { UserMetadata })))).rejects.toThrow(/ECONNRESET|socket hang up/);
  const { Jobs = [] } = await client.send(new ListJobsByPipelineCommand({ PipelineId: PIPELINE_ID }));
  expect(Jobs.map((job) => job.UserMetadata?.["claim"])).toEqual(["lost"]);
});

test("lost notifications leave the job to ReadJob", async () => {
  fake.switches.events = { lose: "all" };
  const id = await submit(client, aSmallJob("silent/"));
  await untilStatus(client, id, "Complete");
  expect(await notificationsOf(site, id, () => true)).toEqual([]);
});

test("doubled and reordered notifications begin with the last, twice", async () => {
  fake.switches.events = { double: true, reorder: true };
  const id = await submit(client, aSmallJob("double/"));
  const told = await notificationsOf(site, id, (taken) => taken.length === 4);
  expect(statesOf(told)).toEqual(["COMPLETED", "COMPLETED", "PROGRESSING", "PROGRESSING"]);
});

test("a submitted job can be cancelled, and no topic is told", async () => {
  fake.switches.stall = "submitted";
  const id = await submit(client, aSmallJob("cancelled/"));
  await client.send(new CancelJobCommand({ Id: id }));
  await untilStatus(client, id, "Canceled");
  expect(await keysBelow(site, "cancelled/")).toEqual([]);
  expect(await notificationsOf(site, id, () => true)).toEqual([]);
});

test("a job that progresses, or stalls in it, cannot be cancelled", async () => {
  fake.switches.stall = "progressing";
  const id = await submit(client, aSmallJob("stalled/"));
  await untilStatus(client, id, "Progressing");
  await expect(client.send(new CancelJobCommand({ Id: id }))).rejects.toMatchObject({ name: "ResourceInUseException" });
  fake.switches.stall = undefined;
  await untilStatus(client, id, "Complete");
});

test("a cancel that is not heeded is accepted, and the job completes", async () => {
  Object.assign(fake.switches, { stall: "submitted", ignoreCancel: true });
  const id = await submit(client, aSmallJob("uncancelled/"));
  await client.send(new CancelJobCommand({ Id: id }));
  fake.switches.stall = undefined;
  await untilStatus(client, id, "Complete");
  expect(await keysBelow(site, "uncancelled/")).toEqual(WHOLE);
});

test("an error of the service's list is told by ReadJob and by the topic", async () => {
  fake.switches.ending = { kind: "error", code: 4000, message: "not a supported file" };
  const id = await submit(client, aSmallJob("failed/"));
  expect((await untilStatus(client, id, "Error")).Output?.StatusDetail).toBe("4000 not a supported file");
  expect((await notificationsOf(site, id, has("ERROR"))).at(-1)).toMatchObject({ errorCode: 4000 });
  expect(await keysBelow(site, "failed/")).toEqual([]);
});

test.each([
  ["half-then-error", "Error"],
  ["half-then-complete", "Complete"],
] as const)("%s writes every playlist and half of the segments", async (kind, status) => {
  fake.switches.ending = { kind, code: 9999, message: "Internal." };
  await untilStatus(client, await submit(client, aSmallJob(`${kind}/`)), status);
  expect(await keysBelow(site, `${kind}/`)).toEqual(WHOLE.filter((name) => name !== "400k00001.ts"));
});

test("an input that is not there ends the job with 3001", async () => {
  const id = await submit(client, aSmallJob("none/", { Input: { Key: "none.mp4" } }));
  expect((await untilStatus(client, id, "Error")).Output?.StatusDetail).toMatch(/^3001 /);
});

test("the published quotas let their bursts through, and then so many a second", async () => {
  let now = 0;
  await using limited = await startTestElasticTranscoder(site.aws, { now: () => now, quotas: ELASTIC_TRANSCODER_QUOTAS });
  const asking = elasticTranscoderClient(site, limited.url);
  const ask = (): Promise<string> => asking.send(new ReadJobCommand({ Id: "none" })).then(String, (error: Error) => error.name);
  const answers = async (times: number): Promise<readonly string[]> => Promise.all(Array.from({ length: times }, ask));
  expect((await answers(51)).filter((name) => name === "ThrottlingException")).toHaveLength(1);
  now += 1000;
  expect((await answers(5)).filter((name) => name === "ThrottlingException")).toHaveLength(1);
  asking.destroy();
});
