import { completedNotice, errorNotice } from "../engines/elastic-transcoder/notice.ts";
import type { Notice } from "../engines/elastic-transcoder/notice.ts";
import type { JobEvent } from "../pipeline/ports.ts";
import type { FailureRecord } from "../state/failures.ts";
import type { Outbox } from "./outbox.ts";

/** Subscribers that were written for Elastic Transcoder, and the pipeline they know. */
export interface Compat {
  readonly outbox: Outbox<Notice>;
  readonly pipelineId: string;
}

/** Tells them of what is published whole. */
export function noticePublished(event: JobEvent, { outbox, pipelineId }: Compat): void {
  if (event.kind !== "published" || event.set !== "full") return;
  const { job, asset, assetPath, revision } = event;
  const renditions = asset.renditions.map(({ id, width, height }) => ({ id, width: numberOf(width), height: numberOf(height) }));
  outbox.push(completedNotice(job, { ...asset, renditions, assetPath, revision }, pipelineId));
}

/** Tells them of what is given up. */
export function noticeRejected({ jobId = "", code, reason }: FailureRecord, key: string, { outbox, pipelineId }: Compat): void {
  outbox.push(errorNotice({ jobId, key, code, reason }, pipelineId));
}

const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
