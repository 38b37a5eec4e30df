import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { embeddedClient } from "../objects.ts";
import { startRestService } from "../rest-service.ts";
import type { EngineOptions, Runtime } from "../runtime.ts";
import { openRuntime } from "../runtime.ts";
import type { Switches } from "../switches.ts";
import type { FindPreset } from "./create-job.ts";
import type { ElasticTranscoderError } from "./errors.ts";
import { ELASTIC_TRANSCODER_ERRORS, elasticTranscoderError } from "./errors.ts";
import type { ElasticTranscoderJob, JobStatus } from "./job.ts";
import { isFinal, newJob } from "./job.ts";
import type { NotificationState } from "./notification.ts";
import { notificationOf, subjectOf } from "./notification.ts";
import type { FakePipeline } from "./pipelines.ts";
import type { FakePreset } from "./presets.ts";
import { SYSTEM_PRESETS } from "./presets.ts";
import { elasticTranscoderRoutes } from "./routes.ts";
import type { Announce, MadeOutputs } from "./run-job.ts";
import { move, runJob } from "./run-job.ts";

export interface FakeElasticTranscoderOptions extends EngineOptions {
  readonly pipelines: readonly FakePipeline[];
  /** Beside the system presets that have been captured. */
  readonly presets?: readonly FakePreset[];
}

/** A job as tests look at it. */
export interface FakeElasticTranscoderJob {
  readonly id: string;
  readonly status: JobStatus;
  readonly outputKeyPrefix: string;
  readonly userMetadata: Readonly<Record<string, string>>;
  readonly error: { readonly code: number; readonly message: string } | undefined;
}

/** An Elastic Transcoder of our own on 127.0.0.1. */
export interface FakeElasticTranscoder extends AsyncDisposable {
  readonly url: string;
  readonly switches: Switches<ElasticTranscoderError>;
  /** In the order they were made. */
  readonly jobs: () => readonly FakeElasticTranscoderJob[];
  /** The operations that were called, refused ones too. */
  readonly calls: () => readonly string[];
  /** Sends a notification that the fake has no reason for: WARNING, or one that is wrong. */
  announce(jobId: string, state: NotificationState): void;
}

/** The service's published quotas for the operations it names. */
export const ELASTIC_TRANSCODER_QUOTAS = { CreateJob: { perSecond: 2, burst: 100 }, ReadJob: { perSecond: 4, burst: 50 } } as const;

/**
 * Starts it: the unchanged SDK client talks to it when its endpoint is `url`. It reads inputs from the pipeline's bucket,
 * encodes with ffmpeg, writes HLS of version 3 and 4, MPEG-DASH and single files to its other bucket, and publishes
 * notifications to its topic. Captions, watermarks, artwork, clips, encryption and Smooth are not made.
 */
export async function startFakeElasticTranscoder(options: FakeElasticTranscoderOptions): Promise<FakeElasticTranscoder> {
  const { aws, pipelines } = options;
  await using undo = new AsyncDisposableStack();
  const sns = new SNSClient(embeddedClient(aws));
  undo.defer(async () => sns.destroy());
  const jobs = new Map<string, ElasticTranscoderJob>();
  const runtime: Runtime<MadeOutputs, ElasticTranscoderError> = undo.use(
    await openRuntime({
      ...options,
      statuses: ELASTIC_TRANSCODER_ERRORS,
      throttled: "ThrottlingException",
      send: async ({ subject, destination: TopicArn, body }) => {
        if (TopicArn !== undefined)
          await sns.send(new PublishCommand({ TopicArn, Message: body, ...(subject === undefined ? {} : { Subject: subject }) }));
      },
    }),
  );
  const announce: Announce = (job, state) =>
    runtime.courier.carry({
      ...{ jobId: job.id, state, isFinal: isFinal(job.status), body: notificationOf(job, state), subject: subjectOf(job, state) },
      destination: pipelines.find(({ id }) => id === job.request.pipelineId)?.topicArn,
    });
  const { url, ...service } = await startService({ options, runtime, jobs, announce });
  undo.use(service);
  const resources = undo.move();
  return {
    url,
    switches: runtime.switches,
    jobs: () => [...jobs.values()].map(fakeJob),
    calls: () => runtime.calls.map(({ operation }) => operation),
    announce: (jobId, state) => {
      const job = jobs.get(jobId);
      if (job) announce(job, state);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

interface ServiceParts {
  readonly options: FakeElasticTranscoderOptions;
  readonly runtime: Runtime<MadeOutputs, ElasticTranscoderError>;
  readonly jobs: Map<string, ElasticTranscoderJob>;
  readonly announce: Announce;
}

function startService({ options, runtime, jobs, announce }: ServiceParts) {
  const { region } = options.aws;
  const presets = [...SYSTEM_PRESETS, ...(options.presets ?? [])];
  const presetOf: FindPreset = (wanted) => {
    const preset = presets.find(({ id }) => id === wanted);
    if (preset === undefined) throw elasticTranscoderError("ResourceNotFoundException", `The specified preset was not found: ${wanted}.`);
    return preset;
  };
  return startRestService({
    routes: elasticTranscoderRoutes({
      ...{ jobs, region, presetOf, pipelines: options.pipelines, switches: runtime.switches },
      submit: (request, pipeline) => {
        const job = newJob({ request, region, nowMs: runtime.now() });
        jobs.set(job.id, job);
        runtime.run(job.id, (signal) => runJob(job, { ...runtime, pipeline, presetOf, announce }, signal));
        return job;
      },
      cancel: (job) => {
        // No topic is told of it.
        move(job, "Canceled", runtime);
        runtime.cancel(job.id);
      },
    }),
    signingName: "elastictranscoder",
    port: options.port ?? 0,
    before: (operation) => runtime.before(operation),
    unsigned: elasticTranscoderError("AccessDeniedException", "The request is not signed for elastictranscoder."),
    unknown: elasticTranscoderError("ValidationException", "There is no such operation."),
    internal: elasticTranscoderError("InternalServiceException", "The fake failed."),
  });
}

const fakeJob = ({ id, status, request, error }: ElasticTranscoderJob): FakeElasticTranscoderJob => {
  const { outputKeyPrefix, userMetadata } = request;
  return { id, status, outputKeyPrefix, userMetadata, error };
};
