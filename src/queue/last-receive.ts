import { ClaimHeldError, ShutdownError } from "../domain/errors.ts";
import type { EntryResult } from "./run-entries.ts";

type Failed = Extract<EntryResult, { kind: "failed" }>;

export interface Receives {
  /** This one included. */
  readonly receiveCount: number;
  /** Undefined when the queue moves nothing by itself. */
  readonly maxReceiveCount: number | undefined;
}

/** For a stop, and for an end that could not be made durable. */
const SPARE_RECEIVES = 1;
/** No attempt is longer: whatever holds the claim has ended by then. */
const CLAIM_WAIT_SECONDS = 11 * 3600;

/**
 * Gives up what failed when the queue is about to move its message to the dead-letter queue without a record (RELIABILITY.md
 * I3). A stop or a lost lease is no failure; what another attempt works on waits for that one's end first.
 */
export function giveUpAtLast(failed: Failed, { receiveCount, maxReceiveCount = Infinity }: Receives): Failed {
  const { settlement, error } = failed;
  const comesBack = settlement.kind === "retry" || settlement.kind === "release";
  if (!comesBack || error instanceof ShutdownError || receiveCount < maxReceiveCount - SPARE_RECEIVES) return failed;
  const waits = error instanceof ClaimHeldError && receiveCount < maxReceiveCount;
  return { ...failed, settlement: waits ? { kind: "release", delaySeconds: CLAIM_WAIT_SECONDS } : { kind: "reject" } };
}
