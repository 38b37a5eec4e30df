import { z } from "zod";
import { parseBoundedJson } from "../../queue/bounded-json.ts";
import type { RemoteOutputs, RemoteReport, RemoteState } from "../remote-state.ts";
import { TOKEN_KEY } from "../user-metadata.ts";
import { classOfCode } from "./errors.ts";

const text = z.string().max(4096);
/** Messages of different years leave out different things; what cannot be read is left out. */
const lenient = <T extends z.ZodType>(schema: T) =>
  schema
    .nullish()
    .transform((value) => value ?? undefined)
    .catch(undefined);
const number = lenient(z.coerce.number());
const metadata = lenient(z.record(z.string(), z.string()));

const envelope = z.object({ Type: z.literal("Notification"), Message: z.string() });
const notification = z.object({
  state: text,
  jobId: text.regex(/^\d{13}-\w{6}$/),
  pipelineId: text,
  // Whether real ones write a number or a text is not known.
  errorCode: number,
  messageDetails: lenient(text),
  outputKeyPrefix: lenient(text),
  outputs: lenient(
    z.array(
      z.object({ key: lenient(text), status: lenient(text), statusDetail: lenient(text), duration: number, width: number, height: number }),
    ),
  ),
  playlists: lenient(z.array(z.object({ name: text, format: lenient(text), status: lenient(text), statusDetail: lenient(text) }))),
  userMetadata: metadata,
});

/** What a notification says, in its SNS envelope (the message is JSON inside JSON) or delivered raw; undefined for anything else. */
export function readNotification(value: unknown): RemoteReport | undefined {
  const parsed = notification.safeParse(unwrapped(value));
  if (!parsed.success) return undefined;
  const {
    jobId: id,
    state: status,
    outputs = [],
    playlists = [],
    outputKeyPrefix = "",
    userMetadata,
    errorCode,
    messageDetails,
  } = parsed.data;
  const told: Told = {
    id,
    status,
    prefix: outputKeyPrefix,
    outputs,
    playlists,
    metadata: userMetadata,
    errorCode,
    message: messageDetails,
  };
  return report(told, STATE_OF_NOTIFICATION);
}

function unwrapped(value: unknown): unknown {
  const wrapped = envelope.safeParse(value);
  if (!wrapped.success) return value;
  const inner = parseBoundedJson(wrapped.data.Message);
  return inner.kind === "value" ? inner.value : undefined;
}

const job = z.object({
  Id: text.min(1),
  Status: text,
  OutputKeyPrefix: lenient(text),
  Outputs: lenient(
    z.array(
      z.object({
        Key: lenient(text),
        Status: lenient(text),
        StatusDetail: lenient(text),
        DurationMillis: number,
        Duration: number,
        Width: number,
        Height: number,
      }),
    ),
  ),
  Playlists: lenient(z.array(z.object({ Name: text, Format: lenient(text), Status: lenient(text), StatusDetail: lenient(text) }))),
  UserMetadata: metadata,
});

/** What ReadJob's answer says of its job. Undefined when that has no id or status. */
export function readJob(value: unknown): RemoteReport | undefined {
  const parsed = job.safeParse(value);
  if (!parsed.success) return undefined;
  const { Id: id, Status: status, OutputKeyPrefix: prefix = "", Outputs = [], Playlists = [], UserMetadata } = parsed.data;
  const outputs = Outputs.map((output) => ({
    key: output.Key,
    status: output.Status,
    statusDetail: output.StatusDetail,
    duration: output.DurationMillis === undefined ? output.Duration : output.DurationMillis / 1000,
    width: output.Width,
    height: output.Height,
  }));
  const playlists = Playlists.map(({ Name, Format, Status, StatusDetail }) => ({
    name: Name,
    format: Format,
    status: Status,
    statusDetail: StatusDetail,
  }));
  return report({ id, status, prefix, outputs, playlists, metadata: UserMetadata }, STATE_OF_JOB);
}

interface Part {
  readonly status?: string | undefined;
  readonly statusDetail?: string | undefined;
}

/** Both shapes, in one. */
interface Told {
  readonly id: string;
  readonly status: string;
  readonly prefix: string;
  readonly outputs: readonly (Part & {
    readonly key?: string | undefined;
    readonly duration?: number | undefined;
    readonly width?: number | undefined;
    readonly height?: number | undefined;
  })[];
  readonly playlists: readonly (Part & { readonly name: string; readonly format?: string | undefined })[];
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly errorCode?: number | undefined;
  readonly message?: string | undefined;
}

type StateOf = ReadonlyMap<string, (told: Told) => RemoteState>;

function report(told: Told, stateOf: StateOf): RemoteReport {
  const token = told.metadata?.[TOKEN_KEY];
  const state = stateOf.get(told.status)?.(told);
  return { id: told.id, status: told.status, ...(token === undefined ? {} : { token }), ...(state ? { state } : {}) };
}

const STATE_OF_NOTIFICATION: StateOf = new Map<string, (told: Told) => RemoteState>([
  ["PROGRESSING", progressing],
  // A warning ends nothing: the job goes on, or ends with a message of its own.
  ["WARNING", progressing],
  ["COMPLETED", complete],
  ["ERROR", failed],
]);

const STATE_OF_JOB: StateOf = new Map<string, (told: Told) => RemoteState>([
  ["Submitted", () => ({ kind: "submitted" })],
  ["Progressing", progressing],
  ["Complete", complete],
  ["Canceled", () => ({ kind: "canceled" })],
  ["Error", failed],
]);

/** The service counts outputs, nothing smaller. */
function progressing({ outputs }: Told): RemoteState {
  const done = outputs.filter(({ status }) => status === "Complete").length;
  return { kind: "progressing", percent: outputs.length === 0 ? 0 : Math.floor((100 * done) / outputs.length) };
}

function complete({ prefix, outputs, playlists }: Told): RemoteState {
  const told: RemoteOutputs = {
    playlists: playlists.map(({ name, format }) => `${prefix}${name}${EXTENSIONS.get(format ?? "") ?? ".m3u8"}`),
    renditions: outputs.map(({ key, duration, width, height }) => ({
      ...(key === undefined ? {} : { name: `${prefix}${key}` }),
      ...(duration === undefined ? {} : { durationSeconds: duration }),
      ...(width === undefined ? {} : { width }),
      ...(height === undefined ? {} : { height }),
    })),
    warnings: [...outputs, ...playlists].flatMap(({ statusDetail }) => (statusDetail ? [statusDetail] : [])),
  };
  return { kind: "complete", outputs: told };
}

const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ["HLSv3", ".m3u8"],
  ["HLSv4", ".m3u8"],
  ["MPEG-DASH", ".mpd"],
  ["Smooth", ".ism"],
]);

/** The details of a part that failed begin with its code: "4000 …: could not interpret the media file". */
function failed({ outputs, playlists, errorCode, message }: Told): RemoteState {
  const details = [...outputs, ...playlists].flatMap(({ status, statusDetail }) =>
    status === "Error" && statusDetail ? [statusDetail] : [],
  );
  const reason = message ?? details[0] ?? "the service gave no reason";
  const code = errorCode ?? codesIn([...(message === undefined ? [] : [message]), ...details])[0];
  return {
    kind: "failed",
    failure: { code: `${code ?? "unknown"}`, message: reason, class: code === undefined ? "service" : classOfCode(code) },
  };
}

const codesIn = (lines: readonly string[]): readonly number[] => lines.flatMap((line) => /^\s*(\d{4})\b/.exec(line)?.[1] ?? []).map(Number);
