import { randomBytes } from "node:crypto";
import type { CreateJobRequest } from "./create-job.ts";

export const ACCOUNT = "111122223333";

export type JobStatus = "SUBMITTED" | "PROGRESSING" | "COMPLETE" | "CANCELED" | "ERROR";
export const isFinal = (status: JobStatus): boolean => status === "COMPLETE" || status === "CANCELED" || status === "ERROR";

/** What one output came out as. */
export interface OutputDetail {
  readonly durationInMs: number;
  readonly videoDetails?: { readonly widthInPx: number; readonly heightInPx: number };
}

/** What the COMPLETE event says of a group; GetJob keeps the paths to itself. */
export interface GroupDetail {
  readonly type: "CMAF_GROUP" | "FILE_GROUP";
  readonly outputDetails: readonly (OutputDetail & { readonly outputFilePaths?: readonly string[] })[];
  readonly playlistFilePaths?: readonly string[];
}

/** A job as the service keeps it. */
export interface MediaConvertJob {
  readonly id: string;
  readonly arn: string;
  readonly queueArn: string;
  readonly request: CreateJobRequest;
  readonly createdAtMs: number;
  status: JobStatus;
  percent: number;
  startedAtMs?: number;
  finishedAtMs?: number;
  error?: { readonly code: number; readonly message: string };
  groups?: readonly GroupDetail[];
}

export interface NewJob {
  readonly request: CreateJobRequest;
  readonly queueArn: string;
  readonly region: string;
  readonly nowMs: number;
}

/** A job that waits in its queue. */
export function newJob({ request, queueArn, region, nowMs }: NewJob): MediaConvertJob {
  const id = `${nowMs}-${randomBytes(3).toString("hex")}`;
  const arn = `arn:aws:mediaconvert:${region}:${ACCOUNT}:jobs/${id}`;
  return { id, arn, queueArn, request, createdAtMs: nowMs, status: "SUBMITTED", percent: 0 };
}

const seconds = (ms: number): number => Math.floor(ms) / 1000;

/** The Job shape of the API (SDK 3.1169.0), as every operation returns it: without any path of an output. */
export function jobOnTheWire(job: MediaConvertJob): Readonly<Record<string, unknown>> {
  const { request, status, startedAtMs, finishedAtMs, error, groups } = job;
  return {
    ...request,
    accelerationStatus: accelerationOf(request),
    arn: job.arn,
    id: job.id,
    queue: job.queueArn,
    createdAt: seconds(job.createdAtMs),
    status,
    ...(status === "PROGRESSING" ? { currentPhase: job.percent < 100 ? "TRANSCODING" : "UPLOADING", jobPercentComplete: job.percent } : {}),
    ...(status === "COMPLETE" ? { jobPercentComplete: 100 } : {}),
    ...(error ? { errorCode: error.code, errorMessage: error.message } : {}),
    ...(groups ? { outputGroupDetails: groups.map(withoutPaths) } : {}),
    retryCount: 0,
    timing: {
      submitTime: seconds(job.createdAtMs),
      ...(startedAtMs === undefined ? {} : { startTime: seconds(startedAtMs) }),
      ...(finishedAtMs === undefined ? {} : { finishTime: seconds(finishedAtMs) }),
    },
    warnings: [],
  };
}

const withoutPaths = ({ outputDetails }: GroupDetail) => ({
  outputDetails: outputDetails.map(({ outputFilePaths: _, ...detail }) => detail),
});

/** Acceleration needs timecodes that start at zero. */
export function canAccelerate({ settings }: CreateJobRequest): boolean {
  return settings.timecodeConfig?.source === "ZEROBASED" && settings.inputs.every(({ timecodeSource }) => timecodeSource === "ZEROBASED");
}

function accelerationOf(request: CreateJobRequest): string {
  if (request.accelerationSettings.mode === "DISABLED") return "NOT_APPLICABLE";
  return canAccelerate(request) ? "ACCELERATED" : "NOT_ACCELERATED";
}
