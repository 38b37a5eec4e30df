import type { ObjectStore, StoredText } from "../pipeline/ports.ts";
import { PreconditionFailed } from "../pipeline/ports.ts";
import { forAll } from "../publish/revision-objects.ts";
import type { ClaimSweep, SweepBucket } from "../publish/sweep.ts";
import type { ClaimRecord } from "./claim-record.ts";
import { parseClaim } from "./claim-record.ts";

export interface ClaimSweepOptions {
  readonly store: Pick<ObjectStore, "readText">;
  readonly bucket: Pick<SweepBucket, "pages">;
  readonly olderThanSeconds: number;
}

const PREFIX = "claims/";
const CONCURRENCY = 32;
/** Whoever looks into a failure finds its claim for so long. */
const KEPT_SECONDS = 30 * 24 * 3600;

/**
 * Reads every claim: what attempts left to the next ones, and which of them ended more than thirty days ago. A claim is
 * renewed while its attempt runs; one that nobody has written for `olderThanSeconds` names what no attempt came back for, and
 * one that comes still encodes it again.
 */
export async function readClaims({ store, bucket, olderThanSeconds }: ClaimSweepOptions, signal: AbortSignal): Promise<ClaimSweep> {
  const left = new Set<string>();
  const ended: string[] = [];
  for await (const page of bucket.pages(PREFIX, signal)) {
    await forAll(page, CONCURRENCY, async ({ key }) => {
      const stored = await store.readText(key, signal);
      const claim = stored && parseClaim(stored.text);
      if (!claim) return;
      if (claim.left && stored.ageSeconds < olderThanSeconds) left.add(claim.left.revision);
      // A service writes for days at worst, and the claim is not renewed meanwhile.
      if (claim.remote && stored.ageSeconds < KEPT_SECONDS) left.add(claim.remote.revision);
      if (isForgotten(claim, stored)) ended.push(key);
    });
  }
  return { left, ended };
}

const isForgotten = (claim: ClaimRecord, { ageSeconds }: StoredText): boolean => claim.state === "ended" && ageSeconds >= KEPT_SECONDS;

/** Removes a claim that ended long ago; it may have been taken since it was read, and is then left to its holder. */
export async function removeClaim(
  store: Pick<ObjectStore, "readText" | "removeMatching">,
  key: string,
  signal: AbortSignal,
): Promise<boolean> {
  const stored = await store.readText(key, signal);
  const claim = stored && parseClaim(stored.text);
  if (!claim || !isForgotten(claim, stored)) return false;
  try {
    await store.removeMatching({ key, etag: stored.etag }, signal);
    return true;
  } catch (error) {
    if (error instanceof PreconditionFailed) return false;
    throw error;
  }
}
