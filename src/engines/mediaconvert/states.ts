import { z } from "zod";
import type { RemoteOutputs, RemoteReport, RemoteState } from "../remote-state.ts";
import { TOKEN_KEY } from "../user-metadata.ts";
import { classOfCode } from "./errors.ts";

const text = z.string().max(4096);
/** Samples of the same event differ in what they leave out and in how they write numbers: what cannot be read is left out. */
const lenient = <T extends z.ZodType>(schema: T) =>
  schema
    .nullish()
    .transform((value) => value ?? undefined)
    .catch(undefined);
const number = lenient(z.coerce.number());

const outputDetails = z.object({
  outputFilePaths: lenient(z.array(text)),
  durationInMs: number,
  videoDetails: lenient(z.object({ widthInPx: number, heightInPx: number })),
});
const warnings = lenient(z.array(z.object({ code: z.coerce.string(), count: number })));
const event = z.object({
  source: z.literal("aws.mediaconvert"),
  "detail-type": z.literal("MediaConvert Job State Change"),
  detail: z.object({
    jobId: text.min(1),
    status: text,
    userMetadata: lenient(z.record(z.string(), z.string())),
    jobProgress: lenient(z.object({ jobPercentComplete: number })),
    outputGroupDetails: lenient(
      z.array(z.object({ playlistFilePaths: lenient(z.array(text)), outputDetails: lenient(z.array(outputDetails)) })),
    ),
    warnings,
    errorCode: number,
    errorMessage: lenient(text),
  }),
});
type Detail = z.infer<typeof event>["detail"];

/** What an EventBridge event of the service says; undefined for anything else. */
export function readEvent(value: unknown): RemoteReport | undefined {
  const parsed = event.safeParse(value);
  if (!parsed.success) return undefined;
  const { detail } = parsed.data;
  const token = detail.userMetadata?.[TOKEN_KEY];
  const state = STATE_OF_EVENT.get(detail.status)?.(detail);
  return { id: detail.jobId, status: detail.status, ...(token === undefined ? {} : { token }), ...(state ? { state } : {}) };
}

const STATE_OF_EVENT: ReadonlyMap<string, (detail: Detail) => RemoteState> = new Map([
  ["SUBMITTED", () => ({ kind: "submitted" })],
  ["QUEUE_HOP", () => ({ kind: "submitted" })],
  ["INPUT_INFORMATION", progressing],
  ["PROGRESSING", progressing],
  ["STATUS_UPDATE", progressing],
  ["NEW_WARNING", progressing],
  ["COMPLETE", (detail) => ({ kind: "complete", outputs: outputsOf(detail) })],
  ["CANCELED", () => ({ kind: "canceled" })],
  ["ERROR", ({ errorCode, errorMessage }) => failure(errorCode, errorMessage)],
]);

function progressing({ jobProgress }: Detail): RemoteState {
  return { kind: "progressing", percent: percent(jobProgress?.jobPercentComplete) };
}

const outputsOf = ({ outputGroupDetails = [], warnings: told = [] }: Detail): RemoteOutputs => ({
  playlists: outputGroupDetails.flatMap(({ playlistFilePaths = [] }) => playlistFilePaths),
  renditions: outputGroupDetails.flatMap(({ outputDetails: details = [] }) =>
    details.map(({ outputFilePaths, durationInMs, videoDetails }) => ({
      ...(outputFilePaths?.[0] === undefined ? {} : { name: outputFilePaths[0] }),
      ...measures(durationInMs, videoDetails?.widthInPx, videoDetails?.heightInPx),
    })),
  ),
  warnings: told.map(({ code, count }) => (count === undefined ? code : `${code} (${count} times)`)),
});

const job = z.object({
  Id: text.min(1),
  Status: text,
  UserMetadata: lenient(z.record(z.string(), z.string())),
  JobPercentComplete: number,
  ErrorCode: number,
  ErrorMessage: lenient(text),
  OutputGroupDetails: lenient(
    z.array(
      z.object({
        OutputDetails: lenient(
          z.array(z.object({ DurationInMs: number, VideoDetails: lenient(z.object({ WidthInPx: number, HeightInPx: number })) })),
        ),
      }),
    ),
  ),
  Warnings: lenient(z.array(z.object({ Code: z.coerce.string(), Count: number }))),
});

/** What GetJob's answer says: no paths of files ever. Undefined when it has no id or status. */
export function readJob(value: unknown): RemoteReport | undefined {
  const parsed = job.safeParse(value);
  if (!parsed.success) return undefined;
  const { Id: id, Status: status, UserMetadata } = parsed.data;
  const token = UserMetadata?.[TOKEN_KEY];
  const state = stateOfJob(parsed.data);
  return { id, status, ...(token === undefined ? {} : { token }), ...(state ? { state } : {}) };
}

function stateOfJob({ Status, JobPercentComplete, ErrorCode, ErrorMessage, OutputGroupDetails, Warnings }: z.infer<typeof job>) {
  switch (Status) {
    case "SUBMITTED":
      return { kind: "submitted" } as const;
    case "PROGRESSING":
      return { kind: "progressing", percent: percent(JobPercentComplete) } as const;
    case "COMPLETE":
      return {
        kind: "complete",
        outputs: {
          playlists: [],
          renditions: (OutputGroupDetails ?? []).flatMap(({ OutputDetails = [] }) =>
            OutputDetails.map(({ DurationInMs, VideoDetails }) =>
              measures(DurationInMs, VideoDetails?.WidthInPx, VideoDetails?.HeightInPx),
            ),
          ),
          warnings: (Warnings ?? []).map(({ Code, Count }) => (Count === undefined ? Code : `${Code} (${Count} times)`)),
        },
      } as const;
    case "CANCELED":
      return { kind: "canceled" } as const;
    case "ERROR":
      return failure(ErrorCode, ErrorMessage);
    default:
      return undefined;
  }
}

const percent = (told: number | undefined): number => Math.min(100, Math.max(0, told ?? 0));

const measures = (durationMs?: number, width?: number, height?: number) => ({
  ...(durationMs === undefined ? {} : { durationSeconds: durationMs / 1000 }),
  ...(width === undefined ? {} : { width }),
  ...(height === undefined ? {} : { height }),
});

const failure = (code: number | undefined, message = "the service gave no reason"): RemoteState => ({
  kind: "failed",
  failure: { code: `${code ?? "unknown"}`, message, class: code === undefined ? "service" : classOfCode(code) },
});
