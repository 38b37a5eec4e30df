import { randomUUID } from "node:crypto";
import type { SourceRef } from "../domain/job.ts";
import type { JobEvent } from "../pipeline/ports.ts";
import type { FailureRecord } from "../state/failures.ts";
import type { Compat } from "./compat.ts";
import { noticePublished, noticeRejected } from "./compat.ts";
import type { Tidings } from "./notification.ts";
import type { Outbox } from "./outbox.ts";
import { rejectionTidings, tidingsOf } from "./tidings.ts";

/** Tells the configured receivers what becomes of jobs. Nothing here waits for a receiver or throws what one answers. */
export interface Notifier {
  job(event: JobEvent): void;
  rejected(record: FailureRecord): void;
  /** Gives what waits 2 s to leave. */
  close(): Promise<void>;
}

/** Whoever asks a worker twice to stop waits five seconds at most (R-D2). */
const CLOSE_MS = 2000;
/** A job's source is remembered for its rejection, which comes after its end and may never come. */
const MAX_SOURCES = 1000;

export interface NotifierOptions {
  readonly now?: () => Date;
  readonly compat?: Compat | undefined;
}

/** A notifier over outboxes; without one it does nothing. */
export function createNotifier(outboxes: readonly Outbox[], { now = () => new Date(), compat }: NotifierOptions = {}): Notifier {
  const sources = new Map<string, Pick<SourceRef, "bucket" | "key">>();
  const tell = (tidings: Tidings): void => {
    const notification = { version: 1 as const, id: randomUUID(), time: now().toISOString(), ...tidings };
    for (const outbox of outboxes) outbox.push(notification);
  };
  return {
    job: (event) => {
      const { jobId } = event;
      if (event.kind === "started") {
        const [oldest] = sources.keys();
        if (sources.size >= MAX_SOURCES && oldest !== undefined) sources.delete(oldest);
        sources.set(jobId, { bucket: event.bucket, key: event.sourceKey });
      }
      for (const tidings of tidingsOf(event, sources.get(jobId))) tell(tidings);
      if (compat) noticePublished(event, compat);
      if (event.kind === "ended" && !MAY_BE_REJECTED.has(event.outcome)) sources.delete(jobId);
    },
    rejected: (record) => {
      const { jobId = "" } = record;
      const source = sources.get(jobId);
      tell(rejectionTidings(record, source));
      // Of a message that named no source nobody waits for news.
      if (compat && source) noticeRejected(record, source.key, compat);
      sources.delete(jobId);
    },
    close: async () => {
      await Promise.all([...outboxes, ...(compat ? [compat.outbox] : [])].map((outbox) => outbox.close(CLOSE_MS)));
    },
  };
}

/** A failure that counts too often is a rejection, too. */
const MAY_BE_REJECTED: ReadonlySet<string> = new Set(["rejected", "failed"]);
