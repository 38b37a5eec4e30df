import { clientRequestToken, compile } from "../engines/mediaconvert/compile.ts";
import type { MediaConvertSettings } from "../engines/mediaconvert/settings.ts";
import { readJob } from "../engines/mediaconvert/states.ts";
import type { RemoteEngine, RemoteSought } from "../engines/remote.ts";
import { RemoteEngineError } from "../engines/remote.ts";
import type { LimiterDeps } from "../engines/token-bucket.ts";
import { TOKEN_KEY } from "../engines/user-metadata.ts";
import { COUNTED_STEP, requestCounter } from "./count-requests.ts";
import type { EngineClientSettings } from "./engine-calls.ts";
import { engineCaller, engineClientConfig } from "./engine-calls.ts";
import { engineStatus } from "./engine-errors.ts";
import { findRemote } from "./find-remote.ts";
import { answered, isOver, rejected, unavailable } from "./remote-answers.ts";

export interface MediaConvertOptions extends EngineClientSettings {
  readonly settings: MediaConvertSettings;
  readonly deps?: LimiterDeps;
}

const ENGINE = "mediaconvert";
/** SearchJobs takes that much of a URI, and at most twenty results. */
const MAX_SEARCH_CHARS = 300;
const PAGE_SIZE = 20;

/** MediaConvert at the region's endpoint. Its client is loaded only here: a worker without this engine has no room to spare for it. */
export async function createMediaConvert({ settings, deps, ...options }: MediaConvertOptions): Promise<RemoteEngine> {
  const sdk = await import("@aws-sdk/client-mediaconvert");
  const client = new sdk.MediaConvertClient(engineClientConfig(options));
  if (options.onRequest) client.middlewareStack.add(requestCounter("mediaconvert", options.onRequest), COUNTED_STEP);
  const call = engineCaller(ENGINE, options.rates, deps);
  // GetQueue knows names alone, CreateJob names and ARNs.
  const queueName = (settings.queue ?? "Default").replace(/^.*:queues\//, "");

  const searchPage =
    ({ source }: RemoteSought, signal: AbortSignal) =>
    async (next: string | undefined) => {
      const command = new sdk.SearchJobsCommand({
        InputFile: `s3://${source.bucket}/${source.key}`.slice(-MAX_SEARCH_CHARS),
        Order: "DESCENDING",
        MaxResults: PAGE_SIZE,
        ...(next === undefined ? {} : { NextToken: next }),
      });
      const answer = await call({ operation: "SearchJobs", kind: "read", send: (sending) => client.send(command, sending) }, signal);
      const jobs = (answer.Jobs ?? []).map(({ Id = "", UserMetadata, ClientRequestToken, CreatedAt }) => ({
        id: Id,
        token: UserMetadata?.[TOKEN_KEY] ?? ClientRequestToken,
        madeAt: CreatedAt,
      }));
      return { jobs, next: answer.NextToken };
    };

  return {
    name: ENGINE,
    check: async (signal) => {
      const command = new sdk.GetQueueCommand({ Name: queueName });
      const { Queue } = await call({ operation: "GetQueue", kind: "check", send: (sending) => client.send(command, sending) }, signal);
      if (Queue?.Status !== "ACTIVE")
        throw unavailable(ENGINE, `queue ${queueName} is ${Queue?.Status ?? "of no status"}: it starts no job`);
    },
    unsupported: (request) => {
      const compiled = compile(request, settings);
      return compiled.kind === "job" ? [] : compiled.reasons;
    },
    submit: async (request, signal) => {
      const compiled = compile(request, settings);
      if (compiled.kind === "unsupported") throw rejected(ENGINE, compiled.reasons);
      const command = new sdk.CreateJobCommand(compiled.job);
      const { Job } = await call({ operation: "CreateJob", kind: "submit", send: (sending) => client.send(command, sending) }, signal);
      return answered(ENGINE, Job?.Id);
    },
    find: async (sought, signal) => {
      const readPage = searchPage(sought, signal);
      const tokens = [sought.token, clientRequestToken(sought.token)];
      return findRemote(ENGINE, sought, async (next) => {
        const page = await readPage(next);
        return { ...page, jobs: page.jobs.map((job) => (tokens.includes(job.token ?? "") ? { ...job, token: sought.token } : job)) };
      });
    },
    read: async (id, signal) => {
      const command = new sdk.GetJobCommand({ Id: id });
      const { Job } = await call({ operation: "GetJob", kind: "read", send: (sending) => client.send(command, sending) }, signal);
      const state = readJob(Job)?.state;
      if (state) return state;
      throw new RemoteEngineError(`MediaConvert says of job ${id} only that it is ${Job?.Status ?? "there"}`, {
        engine: ENGINE,
        failureClass: "service",
      });
    },
    cancel: async (id, signal) => {
      const command = new sdk.CancelJobCommand({ Id: id });
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
