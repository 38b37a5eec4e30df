import type { SourceRef } from "../domain/job.ts";
import type { JobEvent } from "../pipeline/ports.ts";
import type { FailureRecord } from "../state/failures.ts";
import { oneLine } from "../state/printable.ts";
import type { Tidings } from "./notification.ts";

const MAX_REASON_LENGTH = 2048;

type Source = Pick<SourceRef, "bucket" | "key">;

/** What an event of a job is worth telling others, in order; mostly nothing. A rejection is told by its record, once that is durable. */
export function tidingsOf(event: JobEvent, source?: Source): readonly Tidings[] {
  if (event.kind === "started") return [{ event: "started", jobId: event.jobId, source: { bucket: event.bucket, key: event.sourceKey } }];
  const known = { jobId: event.jobId, ...(source ? { source } : {}) };
  if (event.kind === "published") return publishedTidings(event, known);
  if (event.kind !== "ended" || event.outcome !== "failed") return [];
  const { code, reason } = event;
  const why = { ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason: oneLine(reason, MAX_REASON_LENGTH) }) };
  return [{ event: "failed", ...known, ...why }];
}

function publishedTidings(
  { assetPath, revision, secondsSinceUpload, isFirst, set }: Extract<JobEvent, { kind: "published" }>,
  known: { readonly jobId: string; readonly source?: Source },
): readonly Tidings[] {
  const facts = { ...known, assetPath, revision, ...(secondsSinceUpload === undefined ? {} : { secondsSinceUpload }) };
  return [
    ...(isFirst ? [{ event: "first-playable" as const, ...facts }] : []),
    ...(set === "full" ? [{ event: "published" as const, ...facts }] : []),
  ];
}

/** What a durable rejection is worth telling. */
export function rejectionTidings({ jobId, messageId, code, reason, fingerprint }: FailureRecord, source?: Source): Tidings {
  return {
    event: "rejected",
    ...(jobId === undefined ? {} : { jobId }),
    ...(source ? { source } : {}),
    messageId,
    code,
    reason,
    fingerprint,
  };
}
