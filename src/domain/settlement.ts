import type { Disposition, ErrorCode } from "./errors.ts";
import { JobError } from "./errors.ts";

/** How a failed message ends: recorded and deleted, tried again later, given back, or left to whoever holds it now. */
export type Settlement =
  | { readonly kind: "reject" }
  | { readonly kind: "retry"; readonly delaySeconds: number }
  | { readonly kind: "release"; readonly delaySeconds: number }
  | { readonly kind: "abandon" };

/** What the delay is computed from; `random` is uniform in [0, 1). */
export interface Attempt {
  readonly receiveCount: number;
  readonly random: number;
}

/** RELIABILITY.md R-Q12 and R-Q11. */
const SHORTEST_RETRY_SECONDS = 30;
const LONGEST_RETRY_SECONDS = 15 * 60;
const LONGEST_RELEASE_SECONDS = 30;
/** A receive that was broken off lives on at SQS for its wait of 20 s: a message given back sooner would be handed to it and lost. */
const SHORTEST_RELEASE_SECONDS = 20;

/** First delays: what heals by itself soon is tried soon, what somebody must mend late. */
const FIRST_RETRY_SECONDS: Readonly<Partial<Record<ErrorCode, number>>> = {
  storage_throttled: 30,
  job_claimed: 30,
  disk_full: 30,
  machine_fault: 30,
  engine_unavailable: 120,
  destination_denied: 300,
  source_denied: 300,
};
const DEFAULT_FIRST_RETRY_SECONDS = 60;

/** Decides how a message whose job threw `error` is settled. Pure; an error that is no JobError is tried again. */
export function settlementOf(error: unknown, attempt: Attempt): Settlement {
  return error instanceof JobError ? SETTLE[error.disposition](error.code, attempt) : SETTLE.retry(undefined, attempt);
}

const SETTLE: Readonly<Record<Disposition, (code: ErrorCode | undefined, attempt: Attempt) => Settlement>> = {
  reject: () => ({ kind: "reject" }),
  retry: (code, attempt) => ({ kind: "retry", delaySeconds: retryDelay(code, attempt) }),
  release: (code, attempt) => ({ kind: "release", delaySeconds: releaseDelay(code, attempt) }),
  abandon: () => ({ kind: "abandon" }),
};

/** Doubles with each receive; the jitter spreads a delay over twice its length, so that a storm does not return as one. */
function retryDelay(code: ErrorCode | undefined, { receiveCount, random }: Attempt): number {
  const first = (code && FIRST_RETRY_SECONDS[code]) ?? DEFAULT_FIRST_RETRY_SECONDS;
  const doublings = Math.min(10, Math.max(0, receiveCount - 1));
  const base = Math.min(LONGEST_RETRY_SECONDS / 2, first * 2 ** doublings);
  return Math.max(SHORTEST_RETRY_SECONDS, Math.round(base * (1 + random)));
}

/** Only a stop is over at once: what another attempt works on, or fills a disk with, may take hours, and each receive counts at the queue. */
function releaseDelay(code: ErrorCode | undefined, attempt: Attempt): number {
  if (code !== "shutdown") return retryDelay(code, attempt);
  const { random } = attempt;
  return SHORTEST_RELEASE_SECONDS + Math.floor(random * (LONGEST_RELEASE_SECONDS - SHORTEST_RELEASE_SECONDS + 1));
}
