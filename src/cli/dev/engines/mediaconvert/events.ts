import { randomUUID } from "node:crypto";
import type { InputFacts } from "../input-facts.ts";
import type { MediaConvertJob } from "./job.ts";
import { ACCOUNT } from "./job.ts";

/** The statuses of the service's EventBridge events; there is none for SUBMITTED. */
export type EventStatus =
  | "INPUT_INFORMATION"
  | "PROGRESSING"
  | "STATUS_UPDATE"
  | "COMPLETE"
  | "CANCELED"
  | "ERROR"
  | "NEW_WARNING"
  | "QUEUE_HOP";

export interface EventParts {
  readonly job: MediaConvertJob;
  readonly status: EventStatus;
  /** What this status says beside what all of them say. */
  readonly detail: Readonly<Record<string, unknown>>;
  readonly region: string;
  readonly nowMs: number;
}

/** EventBridge's envelope around a job's state change, as a queue gets it (guide, "Using EventBridge"). */
export function eventOf({ job, status, detail, region, nowMs }: EventParts): string {
  return JSON.stringify({
    version: "0",
    id: randomUUID(),
    "detail-type": "MediaConvert Job State Change",
    source: "aws.mediaconvert",
    account: ACCOUNT,
    time: new Date(nowMs).toISOString().replace(/\.\d+/, ""),
    region,
    resources: [job.arn],
    detail: {
      timestamp: nowMs,
      accountId: ACCOUNT,
      queue: job.queueArn,
      jobId: job.id,
      status,
      userMetadata: job.request.userMetadata,
      ...detail,
    },
  });
}

/** Of INPUT_INFORMATION. */
export function inputDetails(uri: string, { streams }: InputFacts): Readonly<Record<string, unknown>> {
  const numbered = streams.map((stream, index) => ({ ...stream, streamId: index + 1 }));
  return {
    inputDetails: [
      {
        id: 1,
        uri,
        audio: numbered
          .filter(({ kind }) => kind === "audio")
          .map(({ streamId, codec, channels, sampleRateHz, language }) => ({
            ...{ channels, codec: codec.toUpperCase(), language: (language ?? "und").toUpperCase() },
            ...{ sampleRate: sampleRateHz, streamId },
          })),
        video: numbered
          .filter(({ kind }) => kind === "video")
          .map(({ streamId, codec, frameRate, width, height }) => ({
            ...{ bitDepth: 8, codec: codec === "h264" ? "H_264" : codec.toUpperCase(), colorFormat: "YUV_420" },
            ...{ frameRate, height, interlaceMode: "PROGRESSIVE", sar: "1:1", standard: "UNSPECIFIED", streamId, width },
          })),
      },
    ],
  };
}

/** Of STATUS_UPDATE. */
export function jobProgress(percent: number, framesDecoded: number): Readonly<Record<string, unknown>> {
  const isUploading = percent >= 100;
  return {
    framesDecoded,
    jobProgress: {
      phaseProgress: {
        PROBING: { status: "COMPLETE", percentComplete: 100 },
        TRANSCODING: { status: isUploading ? "COMPLETE" : "PROGRESSING", percentComplete: percent },
        UPLOADING: { status: isUploading ? "PROGRESSING" : "PENDING", percentComplete: 0 },
      },
      jobPercentComplete: Math.min(99, percent),
      currentPhase: isUploading ? "UPLOADING" : "TRANSCODING",
      retryCount: 0,
    },
  };
}
