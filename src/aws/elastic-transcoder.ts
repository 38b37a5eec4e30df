import type { ElasticTranscoderSettings, PipelineBuckets } from "../engines/elastic-transcoder/compile.ts";
import { compile } from "../engines/elastic-transcoder/compile.ts";
import { readJob } from "../engines/elastic-transcoder/states.ts";
import type { RemoteEngine } from "../engines/remote.ts";
import { RemoteEngineError } from "../engines/remote.ts";
import type { LimiterDeps } from "../engines/token-bucket.ts";
import { TOKEN_KEY } from "../engines/user-metadata.ts";
import { COUNTED_STEP, requestCounter } from "./count-requests.ts";
import type { EngineClientSettings } from "./engine-calls.ts";
import { engineCaller, engineClientConfig } from "./engine-calls.ts";
import { engineStatus } from "./engine-errors.ts";
import { findRemote } from "./find-remote.ts";
import { answered, isOver, rejected, unavailable } from "./remote-answers.ts";

export interface ElasticTranscoderOptions extends EngineClientSettings {
  readonly settings: ElasticTranscoderSettings;
  readonly deps?: LimiterDeps;
}

const ENGINE = "elastic-transcoder";
/** RELIABILITY.md R-M1. */
const MOVE_ON = "AWS switched Elastic Transcoder off on 2025-11-13; without a compatible endpoint move on to mediaconvert or ffmpeg";

/**
 * Elastic Transcoder at whatever endpoint still speaks its protocol. A submit is never sent twice by itself: the service has
 * no token to tell the second by. Its client is loaded only here.
 */
export async function createElasticTranscoder({ settings, deps, ...options }: ElasticTranscoderOptions): Promise<RemoteEngine> {
  const sdk = await import("@aws-sdk/client-elastic-transcoder");
  const client = new sdk.ElasticTranscoderClient(engineClientConfig(options));
  if (options.onRequest) client.middlewareStack.add(requestCounter("elastictranscoder", options.onRequest), COUNTED_STEP);
  const call = engineCaller(ENGINE, options.rates, deps);
  let buckets: PipelineBuckets | undefined;

  const readPipeline = async (signal: AbortSignal) => {
    const command = new sdk.ReadPipelineCommand({ Id: settings.pipelineId });
    try {
      return await call({ operation: "ReadPipeline", kind: "check", send: (sending) => client.send(command, sending) }, signal);
    } catch (error) {
      if (!(error instanceof RemoteEngineError)) throw error;
      const { failureClass, facts } = error;
      throw new RemoteEngineError(`${error.message}. ${MOVE_ON}`, { engine: ENGINE, failureClass, cause: error, facts });
    }
  };

  return {
    name: ENGINE,
    check: async (signal) => {
      const { Pipeline } = await readPipeline(signal);
      const { Status, InputBucket, OutputBucket, ContentConfig } = Pipeline ?? {};
      const outputBucket = OutputBucket ?? ContentConfig?.Bucket;
      if (Status !== "Active")
        throw unavailable(ENGINE, `pipeline ${settings.pipelineId} is ${Status ?? "of no status"}: it starts no job`);
      if (InputBucket === undefined || outputBucket === undefined)
        throw unavailable(ENGINE, `pipeline ${settings.pipelineId} names no buckets`);
      buckets = { inputBucket: InputBucket, outputBucket };
    },
    unsupported: (request) => {
      const compiled = compile(request, settings, buckets);
      return compiled.kind === "job" ? [] : compiled.reasons;
    },
    submit: async (request, signal) => {
      const compiled = compile(request, settings, buckets);
      if (compiled.kind === "unsupported") throw rejected(ENGINE, compiled.reasons);
      const command = new sdk.CreateJobCommand(compiled.job);
      const { Job } = await call({ operation: "CreateJob", kind: "submit", send: (sending) => client.send(command, sending) }, signal);
      return answered(ENGINE, Job?.Id);
    },
    find: async (sought, signal) =>
      findRemote(ENGINE, sought, async (next) => {
        const command = new sdk.ListJobsByPipelineCommand({
          PipelineId: settings.pipelineId,
          Ascending: "false",
          ...(next === undefined ? {} : { PageToken: next }),
        });
        const answer = await call(
          { operation: "ListJobsByPipeline", kind: "read", send: (sending) => client.send(command, sending) },
          signal,
        );
        const jobs = (answer.Jobs ?? []).map(({ Id = "", UserMetadata, Timing }) => ({
          id: Id,
          token: UserMetadata?.[TOKEN_KEY],
          madeAt: Timing?.SubmitTimeMillis === undefined ? undefined : new Date(Timing.SubmitTimeMillis),
        }));
        return { jobs, next: answer.NextPageToken };
      }),
    read: async (id, signal) => {
      const command = new sdk.ReadJobCommand({ Id: id });
      const { Job } = await call({ operation: "ReadJob", kind: "read", send: (sending) => client.send(command, sending) }, signal);
      const state = readJob(Job)?.state;
      if (state) return state;
      throw new RemoteEngineError(`Elastic Transcoder says of job ${id} only that it is ${Job?.Status ?? "there"}`, {
        engine: ENGINE,
        failureClass: "service",
      });
    },
    cancel: async (id, signal) => {
      const command = new sdk.CancelJobCommand({ Id: id });
      // Only a job that waits can be cancelled; one that runs answers ResourceInUse, and its output is left to the sweep.
      const send = async (sending: { readonly abortSignal: AbortSignal }) => {
        await client.send(command, sending).catch((error: unknown) => {
          if (!isOver(engineStatus(error))) throw error;
        });
      };
      await call({ operation: "CancelJob", kind: "read", send }, signal);
    },
    close: () => client.destroy(),
  };
}
