import { z } from "zod";
import { completedNotice, errorNotice } from "../engines/elastic-transcoder/notice.ts";
import type { Notice, NoticeFacts } from "../engines/elastic-transcoder/notice.ts";
import { isTextKey } from "../media/sidecar-key.ts";
import type { JobEvent } from "../pipeline/ports.ts";
import { parseBoundedJson } from "../queue/bounded-json.ts";
import type { FailureRecord } from "../state/failures.ts";
import type { Outbox } from "./outbox.ts";

/** Subscribers that were written for Elastic Transcoder, and the pipeline they know. */
export interface Compat extends NoticeFacts {
  readonly outbox: Outbox<Notice>;
}

/** Tells them of what is published whole. */
export function noticePublished(event: JobEvent, { outbox, ...facts }: Compat): void {
  if (event.kind !== "published" || event.set !== "full") return;
  const { job, asset, assetPath, revision } = event;
  const renditions = asset.renditions.map(({ id, width, height }) => ({ id, width: numberOf(width), height: numberOf(height) }));
  outbox.push(completedNotice(job, { ...asset, renditions, assetPath, revision }, facts));
}

/** Tells them of a film that is given up, with what its message said of it; the service knew no subtitles that come later. */
export function noticeRejected({ jobId = "", code, reason, body }: FailureRecord, key: string, { outbox, pipelineId }: Compat): void {
  if (isTextKey(key)) return;
  outbox.push(errorNotice({ jobId, key, code, reason, userMetadata: metadataOf(body) }, pipelineId));
}

const message = z.object({ metadata: z.record(z.string(), z.string()) });

/** An upload's event has none. */
function metadataOf(body: string): Readonly<Record<string, string>> {
  const read = parseBoundedJson(body);
  return read.kind === "unreadable" ? {} : (message.safeParse(read.value).data?.metadata ?? {});
}

const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
