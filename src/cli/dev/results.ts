import type { JobEvent, Outcome } from "../../pipeline/ports.ts";

/** How one job ended. */
export type JobEnd = Extract<JobEvent, { readonly kind: "ended" }>;

/** The ends of the uploads dev made itself. */
export interface Results {
  /** Takes note of an end; `problem` says that it does not count as success after all. */
  record(end: JobEnd, problem?: string): void;
  /** Resolves when each upload has ended: true when all of them are published, or left to what is. */
  readonly allPublished: Promise<boolean>;
}

const PUBLISHED: readonly Outcome[] = ["published", "duplicate"];
/** A service works at it, or the message comes back soon; `failed` does, too, but only after minutes, for what hardly heals on one machine. */
const UNDECIDED: readonly Outcome[] = ["submitted", "released", "abandoned"];

/** Whether something can be played now. */
export const isPublished = ({ outcome }: Pick<JobEnd, "outcome">): boolean => PUBLISHED.includes(outcome);

/** Subtitles that came before their film are left to it. */
const isGood = (end: JobEnd): boolean => isPublished(end) || end.outcome === "ignored";

/** Waits for the first decided end of each key. */
export function createResults(keys: readonly string[]): Results {
  const open = new Set(keys);
  const all = Promise.withResolvers<boolean>();
  let good = true;
  return {
    allPublished: all.promise,
    record(end, problem) {
      if (UNDECIDED.includes(end.outcome) || !open.delete(end.sourceKey)) return;
      good &&= isGood(end) && problem === undefined;
      if (open.size === 0) all.resolve(good);
    },
  };
}
