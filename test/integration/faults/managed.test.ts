import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { FakeMediaConvert } from "../../../src/cli/dev/engines/mediaconvert/service.ts";
import { noFaults } from "../../../src/cli/dev/engines/switches.ts";
import { KEY_SUFFIXES } from "../../../src/packaging/key-playlists.ts";
import { sourceId } from "../../../src/publish/identity.ts";
import { makeClip } from "../../support/clips.ts";
import { logged } from "../../support/daemon.ts";
import { startTestMediaConvert } from "../../support/fake-mediaconvert.ts";
import type { ManagedSite } from "../../support/managed-site.ts";
import { metricsOf } from "../../support/metrics.ts";
import { openManagedSite } from "../../support/managed-site.ts";
import { failuresOf, keysOf, publishedAt } from "../../support/published.ts";
import { untilEmpty } from "../../support/queue.ts";
import { QUIET_BUCKET, uploadFile } from "../../support/site.ts";
import { until } from "../../support/until.ts";

let managed: ManagedSite<FakeMediaConvert>;
let service: FakeMediaConvert;

beforeAll(async () => {
  managed = await openManagedSite("managed-faults", async ({ aws }, eventsQueueUrl) => {
    const started = await startTestMediaConvert(aws, { eventsQueueUrl, fast: true });
    return {
      service: started,
      env: {
        AWS_ENDPOINT_URL_MEDIACONVERT: started.url,
        LADDERD_ENGINES: "mediaconvert,ffmpeg",
        LADDERD_MEDIACONVERT_ROLE: "arn:aws:iam::111122223333:role/MediaConvert",
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

const createCalls = (): number => service.calls().filter((operation) => operation === "CreateJob").length;

describe("a service that throttles", () => {
  test("fault 54: is asked again, slower, and does the job all the same", async () => {
    const calls = createCalls();
    service.switches.refuse = { error: "TooManyRequestsException", operation: "CreateJob", times: 2 };
    await managed.order("throttled");
    const { engine, keys = {} } = await managed.publishedOnce("throttled");
    expect(engine).toBe("mediaconvert");
    expect(await managed.answering("throttled", Object.keys(keys)[0])).toStrictEqual([...KEY_SUFFIXES]);
    expect((await metricsOf(managed.daemon.url)).get('ladderd_engine_chosen_total{engine="mediaconvert",reason="first"}')).toBe(1);
    expect((await keysOf(managed.site, "throttled/r/")).filter((key) => /\/index_[^/]*\.cmf[va]$/.test(key))).toStrictEqual([]);
    expect(createCalls() - calls).toBe(3);
  });

  test("fault 54: for longer is left alone, the next engine does the job, and one job finds out when it is back", async () => {
    const jobs = service.jobs().length;
    service.switches.refuse = { error: "TooManyRequestsException", operation: "CreateJob" };
    await managed.order("throttled-long");
    expect(await managed.publishedOnce("throttled-long")).toMatchObject({ engine: "ffmpeg" });
    expect(await managed.circuit("mediaconvert", "open")).toBe(1);
    expect(service.jobs()).toHaveLength(jobs);
    service.switches.refuse = undefined;
    await managed.order("throttled-no-more");
    expect(await managed.publishedOnce("throttled-no-more")).toMatchObject({ engine: "mediaconvert" });
    expect(await managed.circuit("mediaconvert", "closed")).toBe(1);
  });

  test("when it is asked how jobs stand keeps them, and is asked again", async () => {
    service.switches.events = { lose: "all" };
    service.switches.refuse = { error: "TooManyRequestsException", operation: "GetJob", times: 4 };
    await managed.order("throttled-reads");
    expect(await managed.publishedOnce("throttled-reads")).toMatchObject({ engine: "mediaconvert" });
    expect(service.switches.refuse).toBeUndefined();
  });
});

describe("events", () => {
  test("fault 55: of which the last is lost leave the end to a poll", async () => {
    service.switches.events = { lose: ["COMPLETE"] };
    await managed.order("events-lost");
    expect(await managed.publishedOnce("events-lost")).toMatchObject({ engine: "mediaconvert" });
  });

  test.each([
    ["that come twice", "doubled", { double: true }],
    ["that come from the last to the first", "reordered", { reorder: true }],
    ["that come late, after a poll has told the end", "late", { delayMs: 4000 }],
  ] as const)("%s lead to one remote job and one publish", async (_, name, events) => {
    const jobs = service.jobs().length;
    service.switches.events = events;
    await managed.order(`events-${name}`);
    expect(await managed.publishedOnce(`events-${name}`)).toMatchObject({ engine: "mediaconvert" });
    expect(service.jobs()).toHaveLength(jobs + 1);
  });
});

describe("a remote job", () => {
  test("that stalls holds no message, and is published when it goes on", async () => {
    service.switches.stall = "progressing";
    await managed.order("stalled");
    await managed.submitted();
    await untilEmpty(managed.site);
    service.switches.stall = undefined;
    expect(await managed.publishedOnce("stalled")).toMatchObject({ engine: "mediaconvert" });
  });

  test("fault 56: that is too old is done by the next engine, and what comes of it after its cancel changes nothing", async () => {
    Object.assign(service.switches, { stall: "progressing", ignoreCancel: true });
    await managed.order("aged");
    await managed.submitted();
    await managed.makeTooOld();
    const local = await publishedAt(managed.site, "aged");
    expect(local.engine).toBe("ffmpeg");
    await until("its cancel was asked for", () => (service.calls().includes("CancelJob") ? true : undefined));
    expect(await managed.records()).toHaveLength(1);
    service.switches.stall = undefined;
    await until("it ends all the same", () => (service.jobs().at(-1)?.status === "COMPLETE" ? true : undefined));
    expect((await managed.publishedOnce("aged")).revision).toBe(local.revision);
  });

  test("whose source is overwritten meanwhile is cancelled, and only the new source is published", async () => {
    const { site } = managed;
    const source = { bucket: QUIET_BUCKET, key: "twice.mp4" };
    const cancels = service.calls().filter((operation) => operation === "CancelJob").length;
    await uploadFile(site, site.path("clip.mp4"), source);
    service.switches.stall = "progressing";
    await managed.order("overwritten", { source });
    await managed.submitted();
    const etag = await uploadFile(site, await makeClip(site.path("again.mp4"), { seconds: 4, size: "320x180" }), source);
    await until("its cancel was asked for", () =>
      service.calls().filter((operation) => operation === "CancelJob").length > cancels ? true : undefined,
    );
    service.switches.stall = undefined;
    await managed.order("overwritten", { source });
    const asset = await managed.publishedOnce("overwritten");
    expect(asset).toMatchObject({ engine: "mediaconvert", durationSeconds: 4 });
    expect(asset.source.id).toBe(sourceId(source, etag));
  });

  test.each([
    ["says that all went well", { kind: "half-then-complete" }],
    ["fails", { kind: "half-then-error", code: 1999, message: "Unknown." }],
    ["fails before it wrote anything", { kind: "error", code: 1432, message: "The role cannot be assumed." }],
  ] as const)("that writes half of its outputs and %s is done by the next engine, without anything of it", async (name, ending) => {
    service.switches.ending = ending;
    const assetPath = `half-${name.replaceAll(" ", "-")}`;
    await managed.order(assetPath);
    expect(await managed.publishedOnce(assetPath)).toMatchObject({ engine: "ffmpeg" });
    expect(await failuresOf(managed.site)).toStrictEqual([]);
  });
});

// The last: its message is in the queue for minutes.
test("fault 54: a service that throttles has the message of a job that no other engine may do given back, and nothing counts against it", async () => {
  const jobs = service.jobs().length;
  service.switches.refuse = { error: "TooManyRequestsException", operation: "CreateJob" };
  const messageId = await managed.order("throttled-only", { engine: "mediaconvert" });
  const wanted = { msg: "message settled", code: "engine_unavailable", messageId };
  const settled = await until("the message is given back", () => logged(managed.daemon, wanted)[0], 60_000);
  expect(settled["delaySeconds"]).toBeGreaterThanOrEqual(30);
  expect(await failuresOf(managed.site)).toStrictEqual([]);
  expect(service.jobs()).toHaveLength(jobs);
});
