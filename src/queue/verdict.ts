import type { ErrorCode } from "../domain/errors.ts";
import { JobError } from "../domain/errors.ts";
import type { Settlement } from "../domain/settlement.ts";
import type { Outcome } from "../pipeline/ports.ts";
import { OUTCOME_OF } from "../pipeline/ports.ts";
import type { EntryResult } from "./run-entries.ts";

/** What happens to a whole message. */
export interface Verdict {
  readonly action: { readonly kind: "delete" } | Exclude<Settlement, { kind: "reject" }>;
  readonly outcome: Outcome;
  /** The error that decided; undefined when every entry ended well. */
  readonly error?: unknown;
}

/** Failures of its own making after which a job is given up (R-Q10). */
export const MAX_FAILURES = 3;

type Failed = Extract<EntryResult, { kind: "failed" }>;

/** Worst first: the message is dealt with as its worst entry demands. */
const SEVERITY = ["abandon", "release", "retry", "reject"] as const;
/** Most telling first. */
const ENDED_WELL = ["published", "submitted", "stale", "duplicate", "ignored"] as const;

/** One verdict over all entries: the message is deleted only when each of them reached a terminal state. */
export function verdictOf(results: readonly EntryResult[]): Verdict {
  const failed = results.filter((result) => result.kind === "failed");
  const worst = SEVERITY.flatMap((kind) => failed.filter((result) => result.settlement.kind === kind)).at(0);
  if (worst) {
    const { settlement, error } = worst;
    return { action: settlement.kind === "reject" ? { kind: "delete" } : settlement, outcome: OUTCOME_OF[settlement.kind], error };
  }
  const outcomes = new Set(results.flatMap((result) => (result.kind === "done" ? [result.outcome] : [])));
  return { action: { kind: "delete" }, outcome: ENDED_WELL.find((outcome) => outcomes.has(outcome)) ?? "ignored" };
}

/** Failures that the job itself may cause again and again; what passes or is ours to mend does not count against it. */
const POISONOUS: readonly ErrorCode[] = ["engine_failed", "stalled", "output_incomplete", "output_misaligned"];

/** Whether a recorded failure with this code ended its job at once; the others only count towards that. */
export const isFinal = (code: string): boolean => code !== "unknown" && !POISONOUS.some((counted) => counted === code);

/** Whether this failure counts towards giving the job up; a defect of ours does: it will meet the same job again. */
export const countsAgainstJob = ({ error, settlement }: Failed): boolean =>
  settlement.kind === "retry" && (!(error instanceof JobError) || POISONOUS.includes(error.code));
