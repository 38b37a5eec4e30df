import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createElasticTranscoder } from "../../../src/aws/elastic-transcoder.ts";
import { createMediaConvert } from "../../../src/aws/mediaconvert.ts";
import { openEngines } from "../../../src/aws/open-engines.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { parsePresets } from "../../../src/engines/elastic-transcoder/preset.ts";
import { clientRequestToken } from "../../../src/engines/mediaconvert/compile.ts";
import type { RemoteEngine } from "../../../src/engines/remote.ts";
import { TOKEN_KEY } from "../../../src/engines/user-metadata.ts";
import type { AwsRequest } from "../../../src/telemetry/metric-labels.ts";
import { aRemoteRequest } from "../../helpers/remote.ts";
import type { ScriptedService, WireAnswer, WireRequest } from "../../support/scripted-service.ts";
import { scriptedService } from "../../support/scripted-service.ts";

beforeAll(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
});
afterAll(() => void vi.unstubAllEnvs());

const rates = { submitsPerSecond: 1000, submitBurst: 1000, readsPerSecond: 1000, readBurst: 1000 };
const { signal } = new AbortController();
const JOB = "1111111111111-abcdef";
const PIPELINE = "2222222222222-ghijkl";
const request = aRemoteRequest();
const { token } = request;

interface Open extends AsyncDisposable {
  readonly engine: RemoteEngine;
  readonly service: ScriptedService;
  readonly counted: readonly AwsRequest[];
}

/** An engine whose service says this. */
async function open(name: RemoteEngine["name"], answer: (request: WireRequest, count: number) => WireAnswer): Promise<Open> {
  const service = await scriptedService(answer);
  const counted: AwsRequest[] = [];
  const options = { region: "us-east-1", endpoint: service.url, rates, onRequest: (ended: AwsRequest) => void counted.push(ended) };
  const engine =
    name === "mediaconvert"
      ? await createMediaConvert({
          ...options,
          settings: {
            role: "arn:aws:iam::123456789012:role/mediaconvert",
            queue: "arn:aws:mediaconvert:us-east-1:123456789012:queues/films",
            qvbrQuality: 7,
            qualityTuning: "single_pass_hq",
            automatedAbr: false,
          },
        })
      : await createElasticTranscoder({ ...options, settings: { pipelineId: PIPELINE, presets: parsePresets([]) } });
  const dispose = async (): Promise<void> => {
    engine.close();
    await service[Symbol.asyncDispose]();
  };
  return { engine, service, counted, [Symbol.asyncDispose]: dispose };
}

const FAULTS: readonly [string, WireAnswer, object][] = [
  ["nothing", "hang up", { failureClass: "service", unclear: true }],
  ["that it failed", { status: 500, errorType: "InternalServerErrorException" }, { failureClass: "service", unclear: true }],
  ["that the request is wrong", { status: 400, errorType: "BadRequestException" }, { code: "engine_rejected", failureClass: "source" }],
  ["that it denies us", { status: 403, errorType: "ForbiddenException" }, { failureClass: "role", unclear: false }],
];

describe.each(["mediaconvert", "elastic-transcoder"] as const)("%s over the wire", (name) => {
  const make = { mediaconvert: "/2017-08-29/jobs", "elastic-transcoder": "/2012-09-25/jobs" }[name];
  const made: WireAnswer =
    name === "mediaconvert" ? { status: 201, body: { job: { id: JOB } } } : { status: 201, body: { Job: { Id: JOB } } };

  test("makes a job with its token and settings, and counts the request", async () => {
    await using opened = await open(name, () => made);
    expect(await opened.engine.submit(request, signal)).toBe(JOB);
    expect(opened.service.requests).toMatchObject([{ method: "POST", path: make }]);
    expect(JSON.stringify(opened.service.requests[0]?.body)).toContain(`"${TOKEN_KEY}":"${token}"`);
    expect(opened.counted).toMatchObject([{ operation: "CreateJob", result: "ok" }]);
  });

  test.each(FAULTS)("asks once when a submit is answered with %s, and says what to make of it", async (_, answer, expected) => {
    await using opened = await open(name, () => answer);
    await expect(opened.engine.submit(request, signal)).rejects.toMatchObject(expected);
    expect(opened.service.requests).toHaveLength(1);
  });

  test("asks again when a submit came too fast", async () => {
    const tooFast: WireAnswer = { status: 429, errorType: name === "mediaconvert" ? "TooManyRequestsException" : "LimitExceededException" };
    await using opened = await open(name, (_, count) => (count === 1 ? tooFast : made));
    expect(await opened.engine.submit(request, signal)).toBe(JOB);
    expect(opened.service.requests).toHaveLength(2);
  });

  test("asks again when a submit never arrived, and says in the end that there is no job", async () => {
    await using opened = await open(name, () => made);
    await opened.service[Symbol.asyncDispose]();
    await expect(opened.engine.submit(request, signal)).rejects.toMatchObject({ failureClass: "service", unclear: false });
    expect(opened.counted).toHaveLength(3);
  });

  test("reads again what was not answered", async () => {
    const job = name === "mediaconvert" ? { job: { id: JOB, status: "SUBMITTED" } } : { Job: { Id: JOB, Status: "Submitted" } };
    await using opened = await open(name, (_, count) => (count === 1 ? "hang up" : { status: 200, body: job }));
    expect(await opened.engine.read(JOB, signal)).toStrictEqual({ kind: "submitted" });
    expect(opened.service.requests.map(({ path }) => path)).toStrictEqual([`${make}/${JOB}`, `${make}/${JOB}`]);
  });

  test("refuses a plan that it cannot do without asking anybody", async () => {
    await using opened = await open(name, () => made);
    const plan = { ...request.plan, range: { startSeconds: 0, endSeconds: 6 } };
    expect(opened.engine.unsupported({ ...request, plan })).toMatchObject([{ kind: "chunk" }]);
    await expect(opened.engine.submit({ ...request, plan }, signal)).rejects.toMatchObject({
      code: "engine_rejected",
      facts: { unsupported: ["chunk"] },
    });
    expect(opened.service.requests).toHaveLength(0);
  });

  test.each([
    ["takes it", { status: 202 }],
    ["cannot end it any more", { status: 409, errorType: name === "mediaconvert" ? "ConflictException" : "ResourceInUseException" }],
    ["has it no longer", { status: 404, errorType: name === "mediaconvert" ? "NotFoundException" : "ResourceNotFoundException" }],
  ])("is content with a cancel when the service %s", async (_, answer) => {
    await using opened = await open(name, () => answer);
    await opened.engine.cancel(JOB, signal);
    expect(opened.service.requests).toMatchObject([{ method: "DELETE", path: `${make}/${JOB}` }]);
  });

  test("says why it was stopped", async () => {
    await using opened = await open(name, () => made);
    await expect(opened.engine.submit(request, AbortSignal.abort(new Error("drained")))).rejects.toThrow("drained");
    expect(opened.service.requests).toHaveLength(0);
  });

  test("calls a service that is not there unavailable, after three tries", async () => {
    await using opened = await open(name, () => ({ status: 503 }));
    await expect(opened.engine.check(signal)).rejects.toMatchObject({ code: "engine_unavailable", failureClass: "service" });
    expect(opened.service.requests).toHaveLength(3);
  });
});

describe("mediaconvert over the wire", () => {
  test("finds a lost job by its metadata or its token among those of its source", async () => {
    const jobs = [
      { id: "newer", createdAt: 1_795_408_000, userMetadata: { [TOKEN_KEY]: "another" } },
      { id: JOB, createdAt: 1_795_407_000, clientRequestToken: clientRequestToken(token) },
    ];
    await using opened = await open("mediaconvert", () => ({ status: 200, body: { jobs } }));
    expect(await opened.engine.find(request, signal)).toBe(JOB);
    expect(opened.service.requests).toMatchObject([
      {
        method: "GET",
        path: "/2017-08-29/search",
        query: { inputFile: "s3://uploads/films/one.mp4", order: "DESCENDING", maxResults: "20" },
      },
    ]);
  });

  test("searches by the end of a URI that is too long for the search", async () => {
    await using opened = await open("mediaconvert", () => ({ status: 200, body: { jobs: [] } }));
    const key = `${"x".repeat(400)}.mp4`;
    expect(await opened.engine.find({ ...request, source: { bucket: "uploads", key } }, signal)).toBeUndefined();
    expect(opened.service.requests[0]?.query["inputFile"]).toBe(key.slice(-300));
  });

  const aQueue = (status: string) => open("mediaconvert", () => ({ status: 200, body: { queue: { name: "films", status } } }));

  test("asks for its queue by name, although an ARN is configured", async () => {
    await using opened = await aQueue("ACTIVE");
    await opened.engine.check(signal);
    expect(opened.service.requests[0]?.path).toBe("/2017-08-29/queues/films");
  });

  test("does not serve from a queue that is paused: it would take jobs and start none", async () => {
    await using opened = await aQueue("PAUSED");
    await expect(opened.engine.check(signal)).rejects.toMatchObject({ code: "engine_unavailable", failureClass: "role" });
  });
});

describe("elastic-transcoder over the wire", () => {
  const pipeline = (changes: object = {}): WireAnswer => ({
    status: 200,
    body: { Pipeline: { Id: PIPELINE, Status: "Active", InputBucket: "uploads", ContentConfig: { Bucket: "published" }, ...changes } },
  });

  test("knows its pipeline's buckets once it was checked", async () => {
    await using opened = await open("elastic-transcoder", () => pipeline({ InputBucket: "elsewhere" }));
    expect(opened.engine.unsupported(request)).toStrictEqual([]);
    await opened.engine.check(signal);
    expect(opened.engine.unsupported(request)).toMatchObject([{ kind: "bucket" }]);
    expect(opened.service.requests[0]?.path).toBe(`/2012-09-25/pipelines/${PIPELINE}`);
  });

  test("does not serve from a pipeline that is paused", async () => {
    await using opened = await open("elastic-transcoder", () => pipeline({ Status: "Paused" }));
    await expect(opened.engine.check(signal)).rejects.toMatchObject({ code: "engine_unavailable", failureClass: "role" });
  });

  test("says where to go when nobody answers any more", async () => {
    await using opened = await open("elastic-transcoder", () => ({ status: 404, errorType: "ResourceNotFoundException" }));
    await expect(opened.engine.check(signal)).rejects.toThrow("2025-11-13");
  });

  test("finds a lost job on a later page of its pipeline's jobs, newest first", async () => {
    const listed = (id: string, own: string) => ({
      Id: id,
      UserMetadata: { [TOKEN_KEY]: own },
      Timing: { SubmitTimeMillis: request.notBefore.getTime() + 60_000 },
    });
    const first = { Jobs: [listed("newer", "another")], NextPageToken: "p2" };
    const second = { Jobs: [listed(JOB, token)] };
    await using opened = await open("elastic-transcoder", ({ query }) => ({
      status: 200,
      body: query["PageToken"] === undefined ? first : second,
    }));
    expect(await opened.engine.find(request, signal)).toBe(JOB);
    expect(opened.service.requests).toMatchObject([
      { path: `/2012-09-25/jobsByPipeline/${PIPELINE}`, query: { Ascending: "false" } },
      { query: { PageToken: "p2" } },
    ]);
  });
});

describe("the managed engines of the configuration", () => {
  test("are opened in its order, at the endpoints that AWS's own variables name", async () => {
    await using service = await scriptedService(() => ({ status: 200, body: { queue: { name: "Default", status: "ACTIVE" } } }));
    vi.stubEnv("AWS_ENDPOINT_URL_MEDIACONVERT", service.url);
    const { mediaconvert, elasticTranscoder } = loadConfig({ env: {} });
    const engines = await openEngines({
      engines: ["elastic-transcoder", "ffmpeg", "mediaconvert"],
      region: "us-east-1",
      mediaconvert: { ...mediaconvert, role: "arn:aws:iam::123456789012:role/mediaconvert" },
      elasticTranscoder: { ...elasticTranscoder, pipelineId: PIPELINE },
    });
    expect(engines.map(({ name }) => name)).toStrictEqual(["elastic-transcoder", "mediaconvert"]);
    await engines[1]?.check(signal);
    expect(service.requests).toHaveLength(1);
    for (const engine of engines) engine.close();
  });
});
