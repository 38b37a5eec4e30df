import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { FakeElasticTranscoder } from "../../../src/cli/dev/engines/elastic-transcoder/service.ts";
import { noFaults } from "../../../src/cli/dev/engines/switches.ts";
import { KEY_SUFFIXES } from "../../../src/packaging/key-playlists.ts";
import { TEST_BUCKETS } from "../../support/embedded-aws.ts";
import { PIPELINE_ID, startTestElasticTranscoder, topicInto } from "../../support/fake-elastic-transcoder.ts";
import type { ManagedSite } from "../../support/managed-site.ts";
import { openManagedSite } from "../../support/managed-site.ts";
import { publishedAt } from "../../support/published.ts";
import { QUIET_BUCKET } from "../../support/site.ts";
import { until } from "../../support/until.ts";

/** What the ladder gives of a clip of 320x180, by the nearest preset. */
const KEY = "v180";

let managed: ManagedSite<FakeElasticTranscoder>;
let service: FakeElasticTranscoder;

beforeAll(async () => {
  managed = await openManagedSite("elastic-faults", async ({ aws }, eventsQueueUrl) => {
    const topicArn = await topicInto(aws, eventsQueueUrl, "transcoded");
    const pipelines = [{ id: PIPELINE_ID, inputBucket: QUIET_BUCKET, outputBucket: TEST_BUCKETS.publish, topicArn }];
    const started = await startTestElasticTranscoder(aws, { pipelines, fast: true });
    return {
      service: started,
      env: {
        AWS_ENDPOINT_URL_ELASTIC_TRANSCODER: started.url,
        LADDERD_ENGINES: "elastic-transcoder,ffmpeg",
        LADDERD_ELASTIC_TRANSCODER_PIPELINE_ID: PIPELINE_ID,
        LADDERD_COMPAT_OUTPUT_LAYOUT: "elastic-transcoder",
      },
    };
  });
  ({ service } = managed);
}, 180_000);
beforeEach(() => {
  Object.assign(service.switches, noFaults());
});
afterAll(() => managed?.[Symbol.asyncDispose]());

test("a throttled submit is asked again, slower", async () => {
  service.switches.refuse = { error: "ThrottlingException", operation: "CreateJob", times: 2 };
  await managed.order("throttled");
  expect(await managed.publishedOnce("throttled")).toMatchObject({ engine: "elastic-transcoder", keys: { [KEY]: `hls-${KEY}` } });
  expect(service.jobs()).toHaveLength(1);
  // Its I-frames begin without tables and are shown to nobody; the service's own HLS is of one version.
  expect(await managed.answering("throttled", KEY)).toStrictEqual(["_v4.m3u8"]);
});

test("a service that throttles for longer is left alone until one job finds it back", async () => {
  service.switches.refuse = { error: "LimitExceededException", operation: "CreateJob" };
  await managed.order("throttled-long");
  expect(await managed.publishedOnce("throttled-long")).toMatchObject({ engine: "ffmpeg", keys: { [KEY]: KEY } });
  expect(await managed.answering("throttled-long", KEY)).toStrictEqual([...KEY_SUFFIXES]);
  expect(await managed.circuit("elastic-transcoder", "open")).toBe(1);
  service.switches.refuse = undefined;
  await managed.order("throttled-no-more");
  expect(await managed.publishedOnce("throttled-no-more")).toMatchObject({ engine: "elastic-transcoder" });
});

test.each([
  ["that come twice, from the last to the first", "disordered", { double: true, reorder: true }],
  ["of which the last is lost", "lost", { lose: ["COMPLETED"] }],
  ["that come late, after a poll has told the end", "late", { delayMs: 3000 }],
] as const)("notifications %s lead to one remote job and one publish", async (_, name, events) => {
  const jobs = service.jobs().length;
  service.switches.events = events;
  await managed.order(`events-${name}`);
  expect(await managed.publishedOnce(`events-${name}`)).toMatchObject({ engine: "elastic-transcoder" });
  expect(service.jobs()).toHaveLength(jobs + 1);
});

test("fault 56: a job that works and is too old is done by the next engine, and its end changes nothing", async () => {
  service.switches.stall = "progressing";
  await managed.order("aged");
  await managed.submitted();
  await managed.makeTooOld();
  const local = await publishedAt(managed.site, "aged");
  expect(local.engine).toBe("ffmpeg");
  // Elastic Transcoder cancels no job that works.
  await until("its cancel was asked for", () => (service.calls().includes("CancelJob") ? true : undefined));
  service.switches.stall = undefined;
  await until("it ends all the same", () => (service.jobs().at(-1)?.status === "Complete" ? true : undefined));
  expect((await managed.publishedOnce("aged")).revision).toBe(local.revision);
});

test.each([
  ["says that all went well", { kind: "half-then-complete" }],
  ["fails", { kind: "half-then-error", code: 9999, message: "Internal." }],
  ["fails before it wrote anything", { kind: "error", code: 3004, message: "No write permission." }],
] as const)("a job that writes half of its outputs and %s is done by the next engine, without anything of it", async (name, ending) => {
  service.switches.ending = ending;
  const assetPath = `half-${name.replaceAll(" ", "-")}`;
  await managed.order(assetPath);
  expect(await managed.publishedOnce(assetPath)).toMatchObject({ engine: "ffmpeg" });
});
