import type { FailureClass } from "../engines/failure-class.ts";
import type { RemoteState } from "../engines/remote-state.ts";
import { isFinal } from "../engines/remote-state.ts";
import type { RemoteRecord } from "../state/remote-records.ts";

/** What is next for a remote job, by what is known of it. */
export type RemoteStep =
  | { readonly kind: "wait" }
  | { readonly kind: "finish" }
  /** Its work is for nobody any more: what it made is removed, and its record. */
  | { readonly kind: "forget" }
  /** Its source was overwritten: nobody wants what comes of it. */
  | { readonly kind: "drop" }
  /** It ended without a result, or takes too long: another engine, if there is one. */
  | {
      readonly kind: "move-on";
      readonly reason: string;
      readonly isOver: boolean;
      /** What it says of the service; absent: nothing. */
      readonly cause?: FailureClass;
    };

/** After how long a job is asked about, and given up. */
export interface RemotePatience {
  readonly pollAfterSeconds: number;
  readonly maximumAgeSeconds: number;
}

/** What is next when `state` is the furthest that anybody told of. Pure. */
export function nextStep({ state, givenUpAt }: Pick<RemoteRecord, "state" | "givenUpAt">): RemoteStep {
  if (givenUpAt !== undefined) return isFinal(state) ? { kind: "forget" } : { kind: "wait" };
  if (state.kind === "complete") return { kind: "finish" };
  if (state.kind === "failed") {
    const { code, message, class: cause } = state.failure;
    return { kind: "move-on", reason: `${code}: ${message}`, isOver: true, cause };
  }
  if (state.kind === "canceled") return { kind: "move-on", reason: "it was cancelled at the service", isOver: true };
  return { kind: "wait" };
}

/** Whether the service is asked about a job that events have not brought to its end. Pure. */
export const isDueForPoll = (
  { submittedAt, state }: { readonly submittedAt: string; readonly state: RemoteState },
  { pollAfterSeconds }: Pick<RemotePatience, "pollAfterSeconds">,
  nowMs: number,
): boolean => !isFinal(state) && ageSeconds(submittedAt, nowMs) >= pollAfterSeconds;

/** What is next after the service was asked: a job above the age is given up, whatever it says but its end. Pure. */
export function stepAfterPoll(
  record: Pick<RemoteRecord, "state" | "givenUpAt" | "submittedAt">,
  { maximumAgeSeconds }: Pick<RemotePatience, "maximumAgeSeconds">,
  nowMs: number,
): RemoteStep {
  const step = nextStep(record);
  if (step.kind !== "wait" || ageSeconds(record.submittedAt, nowMs) < maximumAgeSeconds) return step;
  // The service itself ends jobs after two days: what it does not end by then will not write any more.
  if (record.givenUpAt !== undefined) return ageSeconds(record.givenUpAt, nowMs) < FORGET_SECONDS ? step : { kind: "forget" };
  return { kind: "move-on", reason: `it has not ended within ${maximumAgeSeconds} s`, isOver: false, cause: "service" };
}

/** Whether nobody tries any more to publish what a service has made: it had twice the time that a job has. Pure. */
export const isOverdue = (
  { submittedAt }: Pick<RemoteRecord, "submittedAt">,
  { maximumAgeSeconds }: Pick<RemotePatience, "maximumAgeSeconds">,
  nowMs: number,
): boolean => ageSeconds(submittedAt, nowMs) >= 2 * maximumAgeSeconds;

/** A MediaConvert job that makes progress is ended after 48 hours. */
const FORGET_SECONDS = 3 * 86_400;

const ageSeconds = (since: string, nowMs: number): number => (nowMs - Date.parse(since)) / 1000;
