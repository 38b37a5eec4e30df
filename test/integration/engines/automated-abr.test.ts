import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createMediaConvert } from "../../../src/aws/mediaconvert.ts";
import { createS3ObjectStore } from "../../../src/aws/s3-object-store.ts";
import { isFinal } from "../../../src/engines/remote-state.ts";
import { measureRendition } from "../../../src/packaging/measure.ts";
import { present } from "../../../src/packaging/presentation.ts";
import { findDefects } from "../../../src/packaging/verify.ts";
import { collectStage } from "../../../src/pipeline/collect-stage.ts";
import { settleAll } from "../../../src/pipeline/settle-all.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { aPlan } from "../../helpers/plans.ts";
import { aRemoteRequest } from "../../helpers/remote.ts";
import { aSource, aVideoTrack, anAudioTrack } from "../../helpers/sources.ts";
import { TEST_BUCKETS } from "../../support/embedded-aws.ts";
import { startTestMediaConvert } from "../../support/fake-mediaconvert.ts";
import { until } from "../../support/until.ts";
import type { EngineSite } from "./engine-site.ts";
import { openEngineSite, SOURCE_KEY } from "./engine-site.ts";

const SECONDS = 4;
const PREFIX = "abr/r/1/";
const { signal } = new AbortController();
let site: EngineSite;

beforeAll(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  site = await openEngineSite();
}, 180_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await site[Symbol.asyncDispose]();
});

const video = aVideoTrack({ displayWidth: 320, displayHeight: 180, durationSeconds: SECONDS, frameCount: 30 * SECONDS });
const source = aSource({ video, durationSeconds: SECONDS, audio: [anAudioTrack({ durationSeconds: SECONDS })] });
const ladder = aLadder({ rungs: [{ shortSide: 180, capBps: 300_000 }], gopSeconds: 1, gopsPerSegment: 2 });

test("what automated ABR makes is collected and holds on the plan's grid", { timeout: 120_000 }, async () => {
  await using service = await startTestMediaConvert(site.aws);
  const engine = await createMediaConvert({
    ...{ region: "us-east-1", endpoint: service.url },
    rates: { submitsPerSecond: 2, submitBurst: 100, readsPerSecond: 4, readBurst: 50 },
    settings: { role: "arn:aws:iam::123456789012:role/mc", qvbrQuality: 7, qualityTuning: "multi_pass_hq", automatedAbr: true },
  });
  const request = aRemoteRequest({
    plan: aPlan(source, ladder),
    source: { bucket: TEST_BUCKETS.uploads, key: SOURCE_KEY },
    destination: { bucket: TEST_BUCKETS.publish, prefix: PREFIX },
    token: "abr.1",
    notBefore: new Date(),
  });
  const id = await engine.submit(request, signal);
  const state = await until(
    "the job has ended",
    async () => {
      const now = await engine.read(id, signal);
      return isFinal(now) ? now : undefined;
    },
    90_000,
  );
  expect(state).toMatchObject({ kind: "complete" });
  const outDir = join(site.folder, "out");
  await mkdir(outDir);
  const deps = {
    published: createS3ObjectStore(site.s3, TEST_BUCKETS.publish),
    report: () => undefined,
    settings: { workDir: site.folder, disk: { minimumFreeBytes: 0, sourceFactor: 1 } },
  };
  const { plan } = await collectStage({ plan: request.plan, prefix: PREFIX, outDir }, { deps, jobId: "job", signal });
  expect(plan.video.map(({ id: name, height }) => [name, height])).toStrictEqual([
    ["v90", 90],
    ["v120", 120],
    ["v180", 180],
  ]);
  const facts = await settleAll([...plan.video, ...plan.audio].map(({ id: name }) => measureRendition(join(outDir, name), name, signal)));
  expect(findDefects(present(plan, facts))).toStrictEqual([]);
  engine.close();
});
