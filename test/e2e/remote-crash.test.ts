import { createHash } from "node:crypto";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ending } from "../../src/cli/dev/engines/switches.ts";
import type { FakeMediaConvert } from "../../src/cli/dev/engines/mediaconvert/service.ts";
import type { Failpoint } from "../../src/lifecycle/failpoint.ts";
import { makeClip } from "../support/clips.ts";
import { closeCleanly } from "../support/close-cleanly.ts";
import { FINISH, MOVED_ON, SUBMIT } from "../support/crash-points.ts";
import { runAtFailpoint } from "../support/failpoints.ts";
import { startTestMediaConvert } from "../support/fake-mediaconvert.ts";
import { assetAt, keysOf } from "../support/published.ts";
import { makeQueue, untilEmpty } from "../support/queue.ts";
import type { Site } from "../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../support/site.ts";
import { until } from "../support/until.ts";

const FILM_SECONDS = 3;
/** A restarted worker waits for a claim to run out, and then for the sweep. */
const SETTLED_MS = 180_000;
let site: Site;

beforeAll(async () => {
  site = await openSite("remote-crash");
  await makeClip(site.path("film.mp4"), { size: "320x180", seconds: FILM_SECONDS });
  await uploadFile(site, site.path("film.mp4"), { bucket: QUIET_BUCKET, key: "film.mp4" });
});
afterAll(() => closeCleanly(site, undefined));

interface Remote extends AsyncDisposable {
  readonly service: FakeMediaConvert;
  readonly eventsQueueUrl: string;
  readonly stateBucket: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** A service for one run, whose jobs, events and records are nobody else's: no other worker finishes what this one is killed at. */
async function openRemote(name: string): Promise<Remote> {
  const eventsQueueUrl = await makeQueue(site, `${name}-events`, 8);
  const stateBucket = `state-${createHash("sha256").update(name).digest("hex").slice(0, 16)}`;
  await site.s3.send(new CreateBucketCommand({ Bucket: stateBucket }));
  const service = await startTestMediaConvert(site.aws, { eventsQueueUrl });
  const settings = {
    AWS_ENDPOINT_URL_MEDIACONVERT: service.url,
    LADDERD_EVENTS_QUEUE_URL: eventsQueueUrl,
    LADDERD_STATE_BUCKET: stateBucket,
    LADDERD_ENGINES: "mediaconvert,ffmpeg",
    LADDERD_MEDIACONVERT_ROLE: "arn:aws:iam::111122223333:role/MediaConvert",
    LADDERD_REMOTE_SWEEP_EVERY_SECONDS: "2",
  };
  return { service, eventsQueueUrl, stateBucket, settings, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}

/** Published, with no record of a remote job and no event left. */
async function settled(assetPath: string, { eventsQueueUrl, stateBucket }: Remote): Promise<void> {
  await until(`${assetPath} is published`, () => assetAt(site, assetPath), SETTLED_MS);
  const records = async (): Promise<true | undefined> =>
    (await keysOf(site, "jobs/remote/", stateBucket)).length === 0 ? true : undefined;
  await until("no remote job is unsettled", records, SETTLED_MS);
  await untilEmpty(site, eventsQueueUrl, SETTLED_MS);
}

async function runAt(failpoint: Failpoint, ending: Ending = { kind: "complete" }) {
  const assetPath = `${failpoint.action}-${failpoint.name}-${failpoint.passing}`;
  await using remote = await openRemote(assetPath);
  remote.service.switches.ending = ending;
  const body = { ladderd: 1, source: { bucket: QUIET_BUCKET, key: "film.mp4" }, assetPath };
  const { settings } = remote;
  const result = await runAtFailpoint(site, {
    ...{ failpoint, assetPath, body, settings },
    settled: () => settled(assetPath, remote),
  });
  return { ...result, asset: await assetAt(site, assetPath), jobs: remote.service.jobs() };
}

describe("fault 6: kill -9 of a worker whose job a service does: one remote job, one publish", () => {
  it.concurrent.each([...SUBMIT.map((name) => [name, 1] as const), ...FINISH])("%s, passing %i", async (name, passing) => {
    const { problems, children, folders, asset, jobs } = await runAt({ name, passing, action: "kill" });
    expect({ problems, children, folders }).toEqual({ problems: [], children: [], folders: [] });
    expect(asset).toMatchObject({ engine: "mediaconvert", durationSeconds: FILM_SECONDS });
    // A second commit would name the first.
    expect(asset?.previous).toBeUndefined();
    expect(jobs).toHaveLength(1);
  });

  it.concurrent.each(MOVED_ON)("%s, of a job that the service failed: the next engine does it", async (name) => {
    const ending = { kind: "error", code: 1999, message: "Unknown." } as const;
    const { problems, children, folders, asset, jobs } = await runAt({ name, passing: 1, action: "kill" }, ending);
    expect({ problems, children, folders }).toEqual({ problems: [], children: [], folders: [] });
    expect(asset).toMatchObject({ engine: "ffmpeg", durationSeconds: FILM_SECONDS });
    expect(asset?.previous).toBeUndefined();
    expect(jobs).toHaveLength(1);
  });
});
