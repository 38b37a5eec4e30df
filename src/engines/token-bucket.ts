/** A quota of requests: so many a second on average, so many at once after a pause. */
export interface Quota {
  readonly perSecond: number;
  readonly burst: number;
}

/** What is left of a quota; below zero when requests already wait for theirs. */
export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** A bucket that nothing was taken from. */
export const fullBucket = ({ burst }: Quota, nowMs: number): Bucket => ({ tokens: burst, atMs: nowMs });

/**
 * Takes one token, a future one if need be: the caller waits for `waitMs` and then goes. Callers are served in the order they
 * asked in, and over any time t no more than burst + perSecond * t go. A clock that goes back gives nothing.
 */
export function take({ tokens, atMs }: Bucket, { perSecond, burst }: Quota, nowMs: number): { bucket: Bucket; waitMs: number } {
  const earned = (Math.max(0, nowMs - atMs) / 1000) * perSecond;
  const left = Math.min(burst, tokens + earned) - 1;
  return { bucket: { tokens: left, atMs: Math.max(atMs, nowMs) }, waitMs: left >= 0 ? 0 : Math.ceil((-left / perSecond) * 1000) };
}

export interface LimiterDeps {
  readonly nowMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Resolves when a request may go; rejects with the signal's reason. What an aborted caller took is not given back. */
export type Admit = (signal: AbortSignal) => Promise<void>;

/** The one bucket that all requests of a kind share. */
export function createLimiter(quota: Quota, { nowMs, sleep }: LimiterDeps): Admit {
  let bucket = fullBucket(quota, nowMs());
  return async (signal) => {
    signal.throwIfAborted();
    const taken = take(bucket, quota, nowMs());
    bucket = taken.bucket;
    if (taken.waitMs > 0) await sleep(taken.waitMs, signal);
    signal.throwIfAborted();
  };
}
