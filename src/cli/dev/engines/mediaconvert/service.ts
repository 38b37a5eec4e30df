import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { embeddedClient } from "../objects.ts";
import { startRestService } from "../rest-service.ts";
import type { EngineOptions, Runtime, TimedCall } from "../runtime.ts";
import { openRuntime } from "../runtime.ts";
import type { Switches } from "../switches.ts";
import type { MediaConvertError } from "./errors.ts";
import { MEDIACONVERT_ERRORS, mediaConvertError } from "./errors.ts";
import type { EventStatus } from "./events.ts";
import { eventOf } from "./events.ts";
import type { JobStatus, MediaConvertJob } from "./job.ts";
import { isFinal, newJob } from "./job.ts";
import type { MadeOutputs } from "./make-outputs.ts";
import { probe } from "./probe.ts";
import type { MediaConvertQueue } from "./queues.ts";
import { newQueue } from "./queues.ts";
import { mediaConvertRoutes } from "./routes.ts";
import type { Announce } from "./run-job.ts";
import { move, runJob } from "./run-job.ts";

export interface FakeMediaConvertOptions extends EngineOptions {
  /** Where EventBridge delivers; without it events go nowhere. */
  readonly eventsQueueUrl?: string;
  /** Beside Default. */
  readonly queues?: readonly string[];
}

/** A job as tests look at it. */
export interface FakeMediaConvertJob {
  readonly id: string;
  readonly status: JobStatus;
  readonly clientRequestToken: string | undefined;
  readonly userMetadata: Readonly<Record<string, string>>;
  readonly error: { readonly code: number; readonly message: string } | undefined;
}

/** A MediaConvert of our own on 127.0.0.1. */
export interface FakeMediaConvert extends AsyncDisposable {
  readonly url: string;
  readonly switches: Switches<MediaConvertError>;
  /** Their status may be changed. */
  readonly queues: readonly MediaConvertQueue[];
  /** In the order they were made. */
  readonly jobs: () => readonly FakeMediaConvertJob[];
  /** The operations that were called, refused ones too. */
  readonly calls: () => readonly string[];
  readonly timedCalls: () => readonly TimedCall[];
  /** Sends an event that the fake has no reason for: NEW_WARNING, QUEUE_HOP, or one that is wrong. */
  announce(jobId: string, status: EventStatus, detail?: Readonly<Record<string, unknown>>): void;
}

/**
 * Starts it: the unchanged SDK client talks to it when its endpoint is `url`. It reads inputs from S3, encodes with ffmpeg,
 * packages with shaka-packager, writes to S3 and sends EventBridge's events to a queue. Settings that its schema does not
 * name are let through and do nothing, trick-play images among them.
 */
export async function startFakeMediaConvert(options: FakeMediaConvertOptions): Promise<FakeMediaConvert> {
  const { aws, eventsQueueUrl: QueueUrl } = options;
  await using undo = new AsyncDisposableStack();
  const sqs = new SQSClient({ ...embeddedClient(aws), useQueueUrlAsEndpoint: false });
  undo.defer(async () => sqs.destroy());
  const runtime: Runtime<MadeOutputs, MediaConvertError> = undo.use(
    await openRuntime({
      ...options,
      statuses: MEDIACONVERT_ERRORS,
      throttled: "TooManyRequestsException",
      send: async ({ body }) => {
        if (QueueUrl !== undefined) await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
      },
    }),
  );
  const announce: Announce = (job, status, detail) =>
    runtime.courier.carry({
      ...{ jobId: job.id, state: status },
      isFinal: isFinal(job.status),
      body: eventOf({ job, status, detail, region: aws.region, nowMs: runtime.now() }),
    });
  const jobs = new Map<string, MediaConvertJob>();
  const { concurrentJobs = 20 } = options;
  const queues = ["Default", ...(options.queues ?? [])].map((name) => newQueue(name, { region: aws.region, concurrentJobs }));
  const { url, ...service } = await startService({ options, runtime, jobs, queues, announce });
  undo.use(service);
  const resources = undo.move();
  return {
    url,
    switches: runtime.switches,
    queues,
    jobs: () => [...jobs.values()].map(fakeJob),
    calls: () => runtime.calls.map(({ operation }) => operation),
    timedCalls: () => runtime.calls,
    announce: (jobId, status, detail = {}) => {
      const job = jobs.get(jobId);
      if (job) announce(job, status, detail);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

interface ServiceParts {
  readonly options: FakeMediaConvertOptions;
  readonly runtime: Runtime<MadeOutputs, MediaConvertError>;
  readonly jobs: Map<string, MediaConvertJob>;
  readonly queues: readonly MediaConvertQueue[];
  readonly announce: Announce;
}

function startService({ options, runtime, jobs, queues, announce }: ServiceParts) {
  const { region } = options.aws;
  const { switches, now } = runtime;
  return startRestService({
    routes: mediaConvertRoutes({
      ...{ jobs, queues, switches, now },
      probe: (uri) => probe(uri, runtime),
      submit: (request, { arn: queueArn }) => {
        const job = newJob({ request, queueArn, region, nowMs: now() });
        jobs.set(job.id, job);
        runtime.run(job.id, (signal) => runJob(job, { ...runtime, announce }, signal));
        return job;
      },
      cancel: (job) => {
        move(job, "CANCELED", runtime);
        announce(job, "CANCELED", {});
        runtime.cancel(job.id);
      },
    }),
    signingName: "mediaconvert",
    port: options.port ?? 0,
    before: (operation) => runtime.before(operation),
    unsigned: mediaConvertError("ForbiddenException", "The request is not signed for mediaconvert."),
    unknown: mediaConvertError("NotFoundException", "There is no such operation."),
    internal: mediaConvertError("InternalServerErrorException", "The fake failed."),
  });
}

const fakeJob = ({ id, status, request, error }: MediaConvertJob): FakeMediaConvertJob => {
  const { clientRequestToken, userMetadata } = request;
  return { id, status, clientRequestToken, userMetadata, error };
};
