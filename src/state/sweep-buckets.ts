import type { ObjectStore } from "../pipeline/ports.ts";
import type { SweepBucket, SweepOptions, SweepReport } from "../publish/sweep.ts";
import { sweep } from "../publish/sweep.ts";
import { readClaims, removeClaim } from "./sweep-claims.ts";

export interface BucketSweepOptions extends Pick<SweepOptions, "publishPrefix" | "olderThanSeconds" | "dryRun" | "onRemoved"> {
  readonly stores: { bucket(name: string): ObjectStore; sweepBucket(name: string): SweepBucket };
  readonly publishBucket: string;
  readonly stateBucket: string;
}

/** Sweeps the publish bucket as the claims of the state bucket allow (`sweep`); throws what that throws. */
export function sweepBuckets(options: BucketSweepOptions, signal: AbortSignal): Promise<SweepReport> {
  const { stores, publishBucket, stateBucket, ...rest } = options;
  const { olderThanSeconds } = options;
  const state = stores.bucket(stateBucket);
  return sweep(
    {
      ...rest,
      published: { store: stores.bucket(publishBucket), bucket: stores.sweepBucket(publishBucket) },
      removeClaim: (key, own) => removeClaim(state, key, own),
      readClaims: (own) => readClaims({ store: state, bucket: stores.sweepBucket(stateBucket), olderThanSeconds }, own),
    },
    signal,
  );
}
