import { randomUUID } from "node:crypto";
import type { Route } from "../rest-service.ts";
import { LostAnswer } from "../service-error.ts";
import type { Switches } from "../switches.ts";
import type { CreateJobRequest } from "./create-job.ts";
import { parseCreateJob } from "./create-job.ts";
import type { MediaConvertError } from "./errors.ts";
import { mediaConvertError } from "./errors.ts";
import type { MediaConvertJob } from "./job.ts";
import { isFinal, jobOnTheWire } from "./job.ts";
import type { JobsQuery } from "./job-lists.ts";
import { listJobs, parseJobsQuery, queriedJobs } from "./job-lists.ts";
import type { MediaConvertQueue } from "./queues.ts";
import { parseProbe } from "./probe.ts";
import { queueOnTheWire } from "./queues.ts";

/** What the operations act on. */
export interface MediaConvertState {
  readonly jobs: Map<string, MediaConvertJob>;
  readonly queues: readonly MediaConvertQueue[];
  readonly switches: Switches<MediaConvertError>;
  readonly now: () => number;
  readonly submit: (request: CreateJobRequest, queue: MediaConvertQueue) => MediaConvertJob;
  readonly cancel: (job: MediaConvertJob) => void;
  readonly probe: (uri: string) => Promise<unknown>;
}

/** A token of a CreateJob call counts for so long after it. */
const TOKEN_MS = 60_000;
const PATH = "/2017-08-29";

/** The operations of MediaConvert that the fake has (SDK model 3.1169.0, API 2017-08-29). */
export function mediaConvertRoutes(state: MediaConvertState): readonly Route[] {
  const { jobs, queues } = state;
  const queries = new Map<string, JobsQuery>();
  const list = (query: URLSearchParams) => listJobs([...jobs.values()], query);
  const route = (operation: string, [method, path, status]: [Route["method"], string, number], answer: Route["answer"]): Route => ({
    ...{ operation, method, status, answer },
    path: `${PATH}${path}`,
  });
  return [
    route("CreateJob", ["POST", "/jobs", 201], ({ body }) => createJob(state, body)),
    route("GetJob", ["GET", "/jobs/{id}", 200], ({ labels }) => ({ job: jobOnTheWire(jobOf(state, labels["id"])) })),
    route("CancelJob", ["DELETE", "/jobs/{id}", 202], ({ labels }) => cancelJob(state, labels["id"])),
    route("ListJobs", ["GET", "/jobs", 200], ({ query }) => list(query)),
    route("SearchJobs", ["GET", "/search", 200], ({ query }) => list(query)),
    route("StartJobsQuery", ["POST", "/jobsQueries", 201], ({ body }) => {
      const id = randomUUID();
      queries.set(id, parseJobsQuery(body));
      return { id };
    }),
    route("GetJobsQueryResults", ["GET", "/jobsQueries/{id}", 200], ({ labels }) => {
      const query = queries.get(labels["id"] ?? "");
      if (query === undefined) throw mediaConvertError("NotFoundException", `There is no query ${labels["id"]}.`);
      return queriedJobs([...jobs.values()], query);
    }),
    route("GetQueue", ["GET", "/queues/{name}", 200], ({ labels }) => ({
      queue: queueOnTheWire(queueOf(state, labels["name"]), jobs.values()),
    })),
    route("ListQueues", ["GET", "/queues", 200], () => ({
      queues: queues.map((queue) => queueOnTheWire(queue, jobs.values())),
      totalConcurrentJobs: queues.reduce((total, { concurrentJobs }) => total + concurrentJobs, 0),
    })),
    route("Probe", ["POST", "/probe", 200], async ({ body }) => ({ probeResults: [await state.probe(parseProbe(body))] })),
    route("DescribeEndpoints", ["POST", "/endpoints", 200], ({ host }) => ({ endpoints: [{ url: `http://${host}` }] })),
  ];
}

function createJob(state: MediaConvertState, body: unknown): { readonly job: unknown } {
  const request = parseCreateJob(body);
  const { clientRequestToken: token } = request;
  const isSame = (job: MediaConvertJob): boolean => job.request.clientRequestToken === token && state.now() - job.createdAtMs < TOKEN_MS;
  const before = token === undefined ? undefined : [...state.jobs.values()].find(isSame);
  const job = before ?? state.submit(request, queueOf(state, request.queue ?? "Default"));
  if (state.switches.loseAnswers > 0) {
    state.switches.loseAnswers -= 1;
    throw new LostAnswer("CreateJob");
  }
  return { job: jobOnTheWire(job) };
}

function cancelJob(state: MediaConvertState, id: string | undefined): undefined {
  const job = jobOf(state, id);
  if (isFinal(job.status)) throw mediaConvertError("ConflictException", `The job ${job.id} is ${job.status} already.`);
  if (!state.switches.ignoreCancel) state.cancel(job);
}

function jobOf({ jobs }: MediaConvertState, id = ""): MediaConvertJob {
  const job = jobs.get(id);
  if (job === undefined) throw mediaConvertError("NotFoundException", `There is no job ${id}.`);
  return job;
}

/** A queue goes by its name or its ARN. */
function queueOf({ queues }: MediaConvertState, nameOrArn = ""): MediaConvertQueue {
  const queue = queues.find(({ name, arn }) => name === nameOrArn || arn === nameOrArn);
  if (queue === undefined) throw mediaConvertError("NotFoundException", `There is no queue ${nameOrArn}.`);
  return queue;
}
