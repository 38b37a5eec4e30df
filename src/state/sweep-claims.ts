import type { ObjectStore } from "../pipeline/ports.ts";
import { forAll } from "../publish/revision-objects.ts";
import type { ClaimSweep, SweepBucket } from "../publish/sweep.ts";
import { parseClaim } from "./claim-record.ts";

export interface ClaimSweepOptions {
  readonly store: Pick<ObjectStore, "readText">;
  readonly bucket: Pick<SweepBucket, "pages">;
}

const PREFIX = "claims/";
const CONCURRENCY = 32;
/** Whoever looks into a failure finds its claim for so long. */
const KEPT_SECONDS = 30 * 24 * 3600;

/** Reads every claim: what attempts left to the next ones, and which of them ended more than thirty days ago. */
export async function readClaims({ store, bucket }: ClaimSweepOptions, signal: AbortSignal): Promise<ClaimSweep> {
  const left = new Set<string>();
  const ended: string[] = [];
  for await (const page of bucket.pages(PREFIX, signal)) {
    await forAll(page, CONCURRENCY, async ({ key }) => {
      const stored = await store.readText(key, signal);
      const claim = stored && parseClaim(stored.text);
      if (!claim) return;
      if (claim.left) left.add(claim.left.revision);
      if (claim.state === "ended" && stored.ageSeconds >= KEPT_SECONDS) ended.push(key);
    });
  }
  return { left, ended };
}
