import { pageOf } from "../page.ts";
import type { Call, Route } from "../rest-service.ts";
import { LostAnswer } from "../service-error.ts";
import type { Switches } from "../switches.ts";
import type { CreateJobRequest, FindPreset } from "./create-job.ts";
import { parseCreateJob } from "./create-job.ts";
import type { ElasticTranscoderError } from "./errors.ts";
import { elasticTranscoderError } from "./errors.ts";
import type { ElasticTranscoderJob } from "./job.ts";
import { jobOnTheWire } from "./job.ts";
import type { FakePipeline } from "./pipelines.ts";
import { pipelineOnTheWire } from "./pipelines.ts";
import { presetOnTheWire } from "./presets.ts";

/** What the operations act on. */
export interface ElasticTranscoderState {
  readonly jobs: Map<string, ElasticTranscoderJob>;
  readonly pipelines: readonly FakePipeline[];
  readonly presetOf: FindPreset;
  readonly switches: Switches<ElasticTranscoderError>;
  readonly region: string;
  readonly submit: (request: CreateJobRequest, pipeline: FakePipeline) => ElasticTranscoderJob;
  readonly cancel: (job: ElasticTranscoderJob) => void;
}

const PATH = "/2012-09-25";
const PAGE_SIZE = 50;

/** The operations of Elastic Transcoder that the fake has (SDK model 3.957.0, API 2012-09-25). */
export function elasticTranscoderRoutes(state: ElasticTranscoderState): readonly Route[] {
  const route = (operation: string, [method, path, status]: [Route["method"], string, number], answer: Route["answer"]): Route => ({
    ...{ operation, method, status, answer },
    path: `${PATH}${path}`,
  });
  return [
    route("CreateJob", ["POST", "/jobs", 201], ({ body }) => createJob(state, body)),
    route("ReadJob", ["GET", "/jobs/{id}", 200], ({ labels }) => ({ Job: jobOnTheWire(jobOf(state, labels["id"])) })),
    route("CancelJob", ["DELETE", "/jobs/{id}", 202], ({ labels }) => cancelJob(state, labels["id"])),
    route("ListJobsByPipeline", ["GET", "/jobsByPipeline/{id}", 200], (call) => {
      const { id } = pipelineOf(state, call.labels["id"]);
      return list(state, call, ({ request }) => request.pipelineId === id);
    }),
    route("ListJobsByStatus", ["GET", "/jobsByStatus/{status}", 200], (call) =>
      list(state, call, ({ status }) => status === call.labels["status"]),
    ),
    route("ReadPipeline", ["GET", "/pipelines/{id}", 200], ({ labels }) => ({
      Pipeline: pipelineOnTheWire(pipelineOf(state, labels["id"]), state.region),
      Warnings: [],
    })),
    route("ReadPreset", ["GET", "/presets/{id}", 200], ({ labels }) => ({ Preset: presetOnTheWire(state.presetOf(labels["id"] ?? "")) })),
  ];
}

function createJob(state: ElasticTranscoderState, body: unknown): { readonly Job: unknown } {
  const request = parseCreateJob(body, state.presetOf);
  for (const { PresetId } of request.outputs) state.presetOf(PresetId);
  const job = state.submit(request, pipelineOf(state, request.pipelineId));
  if (state.switches.loseAnswers > 0) {
    state.switches.loseAnswers -= 1;
    throw new LostAnswer("CreateJob");
  }
  return { Job: jobOnTheWire(job) };
}

function cancelJob(state: ElasticTranscoderState, id: string | undefined): undefined {
  const job = jobOf(state, id);
  if (job.status !== "Submitted")
    throw elasticTranscoderError("ResourceInUseException", `The job ${job.id} is ${job.status}: only a submitted job can be cancelled.`);
  if (!state.switches.ignoreCancel) state.cancel(job);
}

function list({ jobs }: ElasticTranscoderState, { query }: Call, isWanted: (job: ElasticTranscoderJob) => boolean) {
  const found = [...jobs.values()].filter(isWanted);
  const ordered = query.get("Ascending") === "true" ? found : found.toReversed();
  const { items, nextToken } = pageOf(ordered, { token: query.get("PageToken"), size: PAGE_SIZE });
  return { Jobs: items.map(jobOnTheWire), NextPageToken: nextToken ?? null };
}

function jobOf({ jobs }: ElasticTranscoderState, id = ""): ElasticTranscoderJob {
  const job = jobs.get(id);
  if (job === undefined) throw elasticTranscoderError("ResourceNotFoundException", `The specified job was not found: ${id}.`);
  return job;
}

function pipelineOf({ pipelines }: ElasticTranscoderState, id = ""): FakePipeline {
  const pipeline = pipelines.find((one) => one.id === id);
  if (pipeline === undefined) throw elasticTranscoderError("ResourceNotFoundException", `The specified pipeline was not found: ${id}.`);
  return pipeline;
}
