import { randomBytes } from "node:crypto";
import type { CreateJobRequest } from "./create-job.ts";

export const ACCOUNT = "111122223333";

export type JobStatus = "Submitted" | "Progressing" | "Complete" | "Canceled" | "Error";
export const isFinal = (status: JobStatus): boolean => status === "Complete" || status === "Canceled" || status === "Error";

/** What an output came out as. */
export interface OutputFacts {
  readonly durationSeconds: number;
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: number;
  readonly bytes: number;
}

/** A job as the service keeps it. */
export interface ElasticTranscoderJob {
  readonly id: string;
  readonly arn: string;
  readonly request: CreateJobRequest;
  readonly submittedAtMs: number;
  status: JobStatus;
  startedAtMs?: number;
  finishedAtMs?: number;
  error?: { readonly code: number; readonly message: string };
  /** In the order of the outputs. */
  facts?: readonly OutputFacts[];
}

/** A job that waits in its pipeline. */
export function newJob({ request, region, nowMs }: { request: CreateJobRequest; region: string; nowMs: number }): ElasticTranscoderJob {
  const id = `${nowMs}-${randomBytes(3).toString("hex")}`;
  return { id, arn: `arn:aws:elastictranscoder:${region}:${ACCOUNT}:job/${id}`, request, submittedAtMs: nowMs, status: "Submitted" };
}

/** The Job shape of the API (2012-09-25), as CreateJob, ReadJob and the lists return it. */
export function jobOnTheWire(job: ElasticTranscoderJob): Readonly<Record<string, unknown>> {
  const { request, status, submittedAtMs, startedAtMs, finishedAtMs, error } = job;
  const detail = error === undefined ? {} : { StatusDetail: `${error.code} ${error.message}` };
  const outputs = request.outputs.map((output, index) => ({
    ...{ Id: `${index + 1}`, ...output, Status: status, ...detail, Watermarks: [] },
    ...factsOnTheWire(job.facts?.[index]),
  }));
  return {
    ...{ Id: job.id, Arn: job.arn, PipelineId: request.pipelineId, Status: status },
    ...{ Input: request.input, Inputs: [request.input], Output: outputs[0], Outputs: outputs, OutputKeyPrefix: request.outputKeyPrefix },
    Playlists: request.playlists.map((playlist) => ({ ...playlist, Status: status, ...detail })),
    UserMetadata: request.userMetadata,
    Timing: {
      SubmitTimeMillis: submittedAtMs,
      ...(startedAtMs === undefined ? {} : { StartTimeMillis: startedAtMs }),
      ...(finishedAtMs === undefined ? {} : { FinishTimeMillis: finishedAtMs }),
    },
  };
}

function factsOnTheWire(facts: OutputFacts | undefined): Readonly<Record<string, unknown>> {
  if (facts === undefined) return {};
  const { durationSeconds, width, height, frameRate, bytes } = facts;
  return {
    ...{ Duration: Math.ceil(durationSeconds), DurationMillis: Math.round(durationSeconds * 1000), FileSize: bytes },
    ...(width === undefined ? {} : { Width: width, Height: height, FrameRate: String(frameRate) }),
  };
}
