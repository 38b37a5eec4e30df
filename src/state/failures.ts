import { createHash } from "node:crypto";
import { z } from "zod";
import type { ErrorCode, Fault } from "../domain/errors.ts";
import { JobError } from "../domain/errors.ts";
import type { ObjectStore } from "../pipeline/ports.ts";
import { escapeControls, oneLine } from "./printable.ts";

/** One genuine failure, as the queue saw it. */
export interface Failure {
  readonly jobId?: string;
  /** Names the record when there is no job. */
  readonly messageId: string;
  readonly error: unknown;
  readonly body: string;
  /** What was found out about the job before it failed. */
  readonly notes?: JobNotes;
}

/** What an attempt finds out on its way, for the record if it fails. */
export interface JobNotes {
  readonly probe?: unknown;
  readonly plan?: unknown;
}

/** What a person finds in failures/<jobId>.json. */
export interface FailureRecord {
  readonly ladderd: 1;
  readonly jobId?: string;
  readonly messageId: string;
  /** "unknown" for an error that is no JobError: a defect of ours. */
  readonly code: ErrorCode | "unknown";
  readonly reason: string;
  readonly fault: Fault;
  readonly facts: Readonly<Record<string, unknown>>;
  /** Equal for failures that are alike, whatever their source: code and reason without numbers and names. */
  readonly fingerprint: string;
  /** As far as the job came. */
  readonly probe?: unknown;
  readonly plan?: unknown;
  /** How often this job failed so far; releases and lost leases are no failures. */
  readonly failures: number;
  /** The message's body, cut, control characters escaped. */
  readonly body: string;
  readonly failedAt: string;
}

/** The state bucket's failures. */
export interface FailureStore {
  /** Writes the record over the job's former one, counting up; resolves when it is durable. Throws the store's JobErrors. */
  record(failure: Failure): Promise<FailureRecord>;
}

/** A longer body is cut in its record. */
export const MAX_BODY_LENGTH = 8192;
const MAX_REASON_LENGTH = 2048;
const HEADERS = { contentType: "application/json", cacheControl: "no-store" };
const counted = z.object({ failures: z.int().min(0) });

/** Keeps failure records in `store`. */
export function createFailureStore(store: Pick<ObjectStore, "readText" | "writeText">, now: () => Date = () => new Date()): FailureStore {
  return {
    record: async ({ jobId, messageId, error, body, notes }) => {
      const key = `failures/${safeName(jobId ?? messageId)}.json`;
      const described = describe(error);
      const record: FailureRecord = {
        ladderd: 1,
        ...(jobId === undefined ? {} : { jobId }),
        messageId,
        ...described,
        fingerprint: fingerprintOf(described),
        ...notes,
        failures: countIn((await store.readText(key))?.text) + 1,
        body: escapeControls(body, MAX_BODY_LENGTH),
        failedAt: now().toISOString(),
      };
      await store.writeText({ key, text: `${JSON.stringify(record, replaceBigInt, 2)}\n`, headers: HEADERS });
      return record;
    },
  };
}

function describe(error: unknown): Pick<FailureRecord, "code" | "reason" | "fault" | "facts"> {
  const reason = oneLine(error instanceof Error ? error.message : String(error), MAX_REASON_LENGTH);
  if (error instanceof JobError) return { code: error.code, reason, fault: error.fault, facts: error.facts };
  return { code: "unknown", reason, fault: "service", facts: {} };
}

/** The mark of failures that are alike. */
export function fingerprintOf({ code, reason }: { readonly code: string; readonly reason: string }): string {
  const alike = reason.replaceAll(/"[^"]*"|\S*[/\\]\S*|\d+(?:\.\d+)?/g, "*");
  return createHash("sha256").update(`${code}\n${alike}`).digest("hex").slice(0, 16);
}

/** The former record's count; a record that cannot be read counts as none. */
function countIn(text: string | undefined): number {
  try {
    return counted.parse(JSON.parse(text ?? "")).failures;
  } catch {
    return 0;
  }
}

/** Ids of ours and of SQS pass; anything else must not choose where the record goes. */
const safeName = (id: string): string => (/^[\w-]{1,128}$/.test(id) ? id : createHash("sha256").update(id).digest("hex").slice(0, 32));

const replaceBigInt = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? value.toString() : value);
