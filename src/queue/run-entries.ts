import type { WorkerJob } from "../domain/job.ts";
import type { Settlement } from "../domain/settlement.ts";
import { settlementOf } from "../domain/settlement.ts";
import type { Outcome } from "../pipeline/ports.ts";
import type { JobNotes } from "../state/failures.ts";
import type { Entry } from "./entry.ts";
import type { Lease } from "./lease.ts";

/** How a job can end well. */
export type JobOutcome = Extract<Outcome, "published" | "submitted" | "duplicate" | "stale" | "ignored">;

/** What a job may know of the message it came with. */
export interface JobContext {
  /** Aborts when the lease is lost or the worker cancels; the reason is a JobError. */
  readonly signal: AbortSignal;
  /** Throws unless the lease holds by the clock: for the moment before a write that others see. */
  readonly checkLease: () => void;
  /** Keeps what was found out about the job for the record of its failure. */
  readonly note: (found: JobNotes) => void;
  readonly receiveCount: number;
  readonly messageId: string;
  /** When the message was sent, in Unix milliseconds by the clock of SQS. */
  readonly sentAtMs?: number;
}

/** Does one job to its end; throws JobErrors. */
export type RunJob = (job: WorkerJob, context: JobContext) => Promise<JobOutcome>;

/** How one entry of a message ended. */
export type EntryResult =
  | { readonly kind: "done"; readonly outcome: JobOutcome; readonly job?: WorkerJob; readonly reason?: string; readonly isMisrouted?: true }
  | {
      readonly kind: "failed";
      readonly error: unknown;
      readonly settlement: Settlement;
      readonly job?: WorkerJob;
      /** What was found out before it failed. */
      readonly notes?: JobNotes;
    };

export interface EntryRun {
  readonly runJob: RunJob;
  readonly lease: Lease;
  readonly receiveCount: number;
  readonly messageId: string;
  readonly sentAtMs?: number;
  readonly random: () => number;
}

/**
 * Does the entries one after the other under one lease. A failed one does not keep the next from its turn; after an abort
 * none starts. Each receive begins with another one, so that one that takes all the time is waited for once. Never throws.
 */
export async function runEntries(entries: readonly Entry[], run: EntryRun): Promise<readonly EntryResult[]> {
  const first = (run.receiveCount - 1) % Math.max(1, entries.length);
  const results: EntryResult[] = [];
  for (const entry of beginningAt(entries, first)) results.push(await runEntry(entry, run));
  return beginningAt(results, entries.length - first);
}

const beginningAt = <T>(list: readonly T[], at: number): readonly T[] => [...list.slice(at), ...list.slice(0, at)];

async function runEntry(entry: Entry, run: EntryRun): Promise<EntryResult> {
  if (entry.kind === "ignored") {
    const { reason, isMisrouted } = entry;
    return { kind: "done", outcome: "ignored", reason, ...(isMisrouted ? { isMisrouted } : {}) };
  }
  if (entry.kind === "rejected") return { kind: "failed", error: entry.error, settlement: { kind: "reject" } };
  const { job } = entry;
  const { runJob, lease, receiveCount, messageId, sentAtMs, random } = run;
  let notes: JobNotes = {};
  const context: JobContext = {
    signal: lease.signal,
    checkLease: () => lease.check(),
    note: (found) => {
      notes = { ...notes, ...found };
    },
    receiveCount,
    messageId,
    ...(sentAtMs === undefined ? {} : { sentAtMs }),
  };
  const failed = (error: unknown): EntryResult => ({
    kind: "failed",
    job,
    error,
    notes,
    settlement: settlementOf(error, { receiveCount, random: random() }),
  });
  try {
    lease.begin();
  } catch (reason) {
    return failed(reason);
  }
  try {
    return { kind: "done", job, outcome: await runJob(job, context) };
  } catch (thrown) {
    // What a job throws while it is being aborted is a consequence; the reason is what happened.
    return failed(lease.signal.aborted ? lease.signal.reason : thrown);
  }
}
