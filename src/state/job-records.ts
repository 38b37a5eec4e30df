import { z } from "zod";
import type { ObjectStore } from "../pipeline/ports.ts";
import { sha256 } from "../publish/identity.ts";
import { redact } from "../telemetry/redact.ts";
import { escapeControls } from "./printable.ts";

const jobRecord = z.looseObject({
  ladderd: z.literal(1),
  jobId: z.string(),
  messageId: z.string(),
  bucket: z.string(),
  sourceKey: z.string(),
  assetPath: z.string().exactOptional(),
  outcome: z.string(),
  code: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  revision: z.string().exactOptional(),
  engine: z.looseObject({ name: z.string(), reason: z.string(), exit: z.string().exactOptional() }).exactOptional(),
  durationSeconds: z.number(),
  /** Seconds by stage. */
  stages: z.record(z.string(), z.number()).readonly(),
  plan: z.unknown().optional(),
  /** The end of what ffmpeg and the packager wrote to stderr. */
  lastLines: z.array(z.string()).readonly(),
  endedAt: z.string(),
});
/** What a person finds in jobs/<jobId>.json: how the last attempt went. */
export type JobRecord = Readonly<z.infer<typeof jobRecord>>;

const HEADERS = { contentType: "application/json", cacheControl: "no-store" };
const MAX_STDERR_CHARACTERS = 8192;

/** Keys of a job's record, and of the note that names the last job of an asset path. */
export const jobRecordKey = (jobId: string): string => `jobs/${jobId}.json`;
const assetNoteKey = (assetPath: string): string => `jobs/assets/${sha256(assetPath).slice(0, 32)}.json`;
const assetNote = z.looseObject({ jobId: z.string().regex(/^[\w-]+$/) });

/** The last 8 KB of a program's stderr as lines for a record: no secrets, nothing that a terminal obeys. */
export const linesForRecord = (stderr: string): readonly string[] =>
  redact(stderr)
    .slice(-MAX_STDERR_CHARACTERS)
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== "")
    .map((line) => escapeControls(line, MAX_STDERR_CHARACTERS));

/** Writes the record over that of the job's former attempt. Throws the store's JobErrors. */
export async function writeJobRecord(store: Pick<ObjectStore, "writeText">, record: JobRecord, signal: AbortSignal): Promise<void> {
  const put = async (key: string, value: unknown): Promise<void> => {
    const text = JSON.stringify(value, (_name, field: unknown) => (typeof field === "bigint" ? field.toString() : field), 2);
    await store.writeText({ key, text: `${text}\n`, headers: HEADERS }, signal);
  };
  await put(jobRecordKey(record.jobId), record);
  const { assetPath, jobId, endedAt } = record;
  if (assetPath !== undefined) await put(assetNoteKey(assetPath), { ladderd: 1, assetPath, jobId, endedAt });
}

/** The record of a job by its id, or of the last job of an asset path; undefined when there is none. */
export async function readJobRecord(
  store: Pick<ObjectStore, "readText">,
  name: { readonly assetPath: string } | { readonly jobId: string },
  signal: AbortSignal,
): Promise<JobRecord | undefined> {
  const jobId = "jobId" in name ? name.jobId : parse(assetNote, (await store.readText(assetNoteKey(name.assetPath), signal))?.text)?.jobId;
  if (jobId === undefined) return undefined;
  return parse(jobRecord, (await store.readText(jobRecordKey(jobId), signal))?.text);
}

function parse<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text ?? "")).data;
  } catch {
    return undefined;
  }
}
