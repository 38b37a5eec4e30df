import { ServiceError } from "./service-error.ts";

/** Calls that get an error instead of a result. */
export interface Refusal<ErrorName extends string> {
  readonly error: ErrorName;
  /** CreateJob, GetJob …; every operation when absent. */
  readonly operation?: string;
  /** How many calls; all of them when absent. */
  readonly times?: number;
  readonly message?: string;
}

/** What becomes of the events of jobs; the services promise them at least once, in no order. */
export interface EventFaults {
  /** Those of these states are never sent, or none at all. */
  readonly lose?: "all" | readonly string[];
  readonly double?: boolean;
  /** The events of a job wait for its last one, and are then sent from the last to the first. */
  readonly reorder?: boolean;
  readonly delayMs?: number;
}

/** How a job ends, decided when its outputs are ready to be written. */
export type Ending =
  | { readonly kind: "complete" }
  /** An error of the service's list, with nothing written. */
  | { readonly kind: "error"; readonly code: number; readonly message: string }
  | { readonly kind: "half-then-error"; readonly code: number; readonly message: string }
  /** Half of the objects are missing, and the service says that all went well. */
  | { readonly kind: "half-then-complete" };

/** What goes wrong from now on; change it while the service runs. */
export interface Switches<ErrorName extends string> {
  refuse: Refusal<ErrorName> | undefined;
  /** So many CreateJob calls make their job and then lose the connection instead of answering. */
  loseAnswers: number;
  /** Jobs go no further than this state while it is set. */
  stall: "submitted" | "progressing" | undefined;
  /** CancelJob is accepted, and the job runs to its end all the same. */
  ignoreCancel: boolean;
  events: EventFaults;
  ending: Ending;
}

/** All is well. */
export const noFaults = <ErrorName extends string>(): Switches<ErrorName> => ({
  refuse: undefined,
  loseAnswers: 0,
  stall: undefined,
  ignoreCancel: false,
  events: {},
  ending: { kind: "complete" },
});

/** Throws the error that the switches have for this call, and counts it. */
export function refuse<ErrorName extends string>(
  switches: Switches<ErrorName>,
  operation: string,
  statuses: Readonly<Record<ErrorName, number>>,
): void {
  const { refuse: refusal } = switches;
  if (refusal === undefined || (refusal.operation ?? operation) !== operation) return;
  const { error, times = Infinity, message = `The switches refuse ${operation}.` } = refusal;
  switches.refuse = times > 1 ? { ...refusal, times: times - 1 } : undefined;
  if (times > 0) throw new ServiceError({ name: error, status: statuses[error], message });
}
