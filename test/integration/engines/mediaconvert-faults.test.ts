import { CancelJobCommand, CreateJobCommand, GetJobCommand, SearchJobsCommand } from "@aws-sdk/client-mediaconvert";
import type { MediaConvertClient } from "@aws-sdk/client-mediaconvert";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { noFaults } from "../../../src/cli/dev/engines/switches.ts";
import type { FakeMediaConvert } from "../../../src/cli/dev/engines/mediaconvert/service.ts";
import { startTestMediaConvert } from "../../support/fake-mediaconvert.ts";
import { keysBelow, openEngineSite } from "./engine-site.ts";
import type { EngineSite } from "./engine-site.ts";
import { aJob, eventsOf, mediaConvertClient, submit, untilStatus } from "./mediaconvert-site.ts";

let site: EngineSite;
let fake: FakeMediaConvert;
let client: MediaConvertClient;
/** What a job writes when all is well. */
let whole: readonly string[];

// One encode for all jobs here: they differ in their destination alone.
beforeAll(async () => {
  site = await openEngineSite();
  fake = await startTestMediaConvert(site.aws, { eventsQueueUrl: site.eventsQueueUrl, fast: true });
  client = mediaConvertClient(site, fake.url);
  await untilStatus(client, await submit(client, aJob("whole/")), "COMPLETE");
  whole = await keysBelow(site, "whole/");
});
beforeEach(() => {
  Object.assign(fake.switches, noFaults());
});
afterAll(async () => {
  client.destroy();
  await fake[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

const statusesOf = (events: readonly { readonly status: string }[]): readonly string[] => events.map(({ status }) => status);
const has = (status: string) => (events: readonly { readonly status: string }[]) => statusesOf(events).includes(status);

test("a prepared output is written to each job's own folder", async () => {
  await untilStatus(client, await submit(client, aJob("other/")), "COMPLETE");
  expect(whole.length).toBeGreaterThan(10);
  expect(await keysBelow(site, "other/")).toEqual(whole);
});

test.each([
  ["BadRequestException", 400],
  ["ServiceQuotaExceededException", 402],
  ["ForbiddenException", 403],
  ["NotFoundException", 404],
  ["ConflictException", 409],
  ["TooManyRequestsException", 429],
  ["InternalServerErrorException", 500],
] as const)("refuse answers %s as the client knows it", async (error, httpStatusCode) => {
  fake.switches.refuse = { error, operation: "CreateJob" };
  const before = fake.jobs().length;
  await expect(client.send(new CreateJobCommand(aJob("refused/")))).rejects.toMatchObject({ name: error, $metadata: { httpStatusCode } });
  expect(fake.jobs()).toHaveLength(before);
});

test.each(["TooManyRequestsException", "InternalServerErrorException"] as const)(
  "two refusals with %s are over for the client's third attempt",
  async (error) => {
    fake.switches.refuse = { error, times: 2 };
    const patient = mediaConvertClient(site, fake.url, 3);
    const calls = fake.calls().length;
    expect(await submit(patient, aJob(`patient/${error}/`))).not.toBe("");
    expect(fake.calls().length).toBe(calls + 3);
    patient.destroy();
  },
);

test("a lost answer leaves a job that a search finds, and the client's own retry does not make a second one", async () => {
  fake.switches.loseAnswers = 2;
  const job = aJob("lost/");
  const before = fake.jobs().length;
  await expect(client.send(new CreateJobCommand(job))).rejects.toThrow(/ECONNRESET|socket hang up/);
  const { Jobs = [] } = await client.send(new SearchJobsCommand({ InputFile: "clip.mp4" }));
  expect(Jobs.filter(({ ClientRequestToken }) => ClientRequestToken === job.ClientRequestToken)).toHaveLength(1);
  const patient = mediaConvertClient(site, fake.url, 3);
  expect(await submit(patient, job)).toBe(fake.jobs().at(-1)?.id);
  expect(fake.jobs()).toHaveLength(before + 1);
  patient.destroy();
});

test("lost events leave the job to GetJob", async () => {
  fake.switches.events = { lose: ["COMPLETE"] };
  const id = await submit(client, aJob("silent/"));
  await untilStatus(client, id, "COMPLETE");
  expect(statusesOf(await eventsOf(site, id, has("STATUS_UPDATE")))).not.toContain("COMPLETE");
  fake.switches.events = { lose: "all" };
  const other = await submit(client, aJob("mute/"));
  await untilStatus(client, other, "COMPLETE");
  expect(await eventsOf(site, other, () => true)).toEqual([]);
});

test("doubled events come twice", async () => {
  fake.switches.events = { double: true };
  const id = await submit(client, aJob("double/"));
  const events = await eventsOf(site, id, (taken) => taken.filter(({ status }) => status === "COMPLETE").length === 2);
  expect(statusesOf(events).filter((status) => status === "PROGRESSING")).toHaveLength(2);
});

test("reordered events begin with the last", async () => {
  fake.switches.events = { reorder: true };
  const id = await submit(client, aJob("reordered/"));
  const events = await eventsOf(site, id, has("PROGRESSING"));
  expect(statusesOf(events)).toEqual(["COMPLETE", "STATUS_UPDATE", "INPUT_INFORMATION", "PROGRESSING"]);
});

test("delayed events come after the job has ended", async () => {
  fake.switches.events = { delayMs: 300 };
  const id = await submit(client, aJob("late/"));
  await untilStatus(client, id, "COMPLETE");
  expect(has("COMPLETE")(await eventsOf(site, id, () => true))).toBe(false);
  await eventsOf(site, id, has("COMPLETE"));
});

test.each([
  ["submitted", "SUBMITTED"],
  ["progressing", "PROGRESSING"],
] as const)("a job that stalls stays %s, until it is cancelled", async (stall, status) => {
  fake.switches.stall = stall;
  const id = await submit(client, aJob(`stalled/${stall}/`));
  await untilStatus(client, id, status);
  await client.send(new CancelJobCommand({ Id: id }));
  expect(await untilStatus(client, id, "CANCELED")).toMatchObject({ Status: "CANCELED" });
  await eventsOf(site, id, has("CANCELED"));
  fake.switches.stall = undefined;
  expect(await keysBelow(site, `stalled/${stall}/`)).toEqual([]);
  await expect(client.send(new CancelJobCommand({ Id: id }))).rejects.toMatchObject({ name: "ConflictException" });
});

test("a job that stalled goes on when the stall is over", async () => {
  fake.switches.stall = "progressing";
  const id = await submit(client, aJob("resumed/"));
  await untilStatus(client, id, "PROGRESSING");
  fake.switches.stall = undefined;
  expect(await untilStatus(client, id, "COMPLETE")).toMatchObject({ Id: id });
});

test("a cancel that is not heeded is accepted, and the job completes", async () => {
  Object.assign(fake.switches, { stall: "submitted", ignoreCancel: true });
  const id = await submit(client, aJob("uncancelled/"));
  await client.send(new CancelJobCommand({ Id: id }));
  fake.switches.stall = undefined;
  await untilStatus(client, id, "COMPLETE");
  expect(await keysBelow(site, "uncancelled/")).toEqual(whole);
});

test("an error of the service's list ends the job with nothing written", async () => {
  fake.switches.ending = { kind: "error", code: 1432, message: "The role cannot be assumed." };
  const id = await submit(client, aJob("failed/"));
  expect(await untilStatus(client, id, "ERROR")).toMatchObject({ ErrorCode: 1432, ErrorMessage: "The role cannot be assumed." });
  const events = await eventsOf(site, id, has("ERROR"));
  expect(events.at(-1)).toMatchObject({ errorCode: 1432, errorMessage: "The role cannot be assumed." });
  expect(await keysBelow(site, "failed/")).toEqual([]);
});

test("half of the outputs, then an error", async () => {
  fake.switches.ending = { kind: "half-then-error", code: 1999, message: "Unknown." };
  await untilStatus(client, await submit(client, aJob("half/1/")), "ERROR");
  expectHalf(await keysBelow(site, "half/1/"));
});

test("half of the outputs, and the service says that all are there", async () => {
  fake.switches.ending = { kind: "half-then-complete" };
  await untilStatus(client, await submit(client, aJob("half/2/")), "COMPLETE");
  expectHalf(await keysBelow(site, "half/2/"));
});

function expectHalf(keys: readonly string[]): void {
  expect(keys).toContain("index.m3u8");
  expect(keys.length).toBeLessThan(whole.length);
  expect(whole).toEqual(expect.arrayContaining([...keys]));
}

test("a quota lets the burst through and refuses what is more", async () => {
  let now = 0;
  await using limited = await startTestMediaConvert(site.aws, { now: () => now, quotas: { GetJob: { perSecond: 2, burst: 2 } } });
  const asking = mediaConvertClient(site, limited.url);
  const ask = (): Promise<string> => asking.send(new GetJobCommand({ Id: "none" })).then(String, (error: Error) => error.name);
  expect([await ask(), await ask(), await ask()]).toEqual(["NotFoundException", "NotFoundException", "TooManyRequestsException"]);
  now += 500;
  expect([await ask(), await ask()]).toEqual(["NotFoundException", "TooManyRequestsException"]);
  asking.destroy();
});

test("an announced warning reaches the queue", async () => {
  const id = await submit(client, aJob("warned/"));
  await untilStatus(client, id, "COMPLETE");
  fake.announce(id, "NEW_WARNING", { warnings: [{ code: "270000", count: 1 }] });
  const events = await eventsOf(site, id, has("NEW_WARNING"));
  expect(events.at(-1)).toMatchObject({ status: "NEW_WARNING", warnings: [{ code: "270000", count: 1 }] });
});
