/** How often an operation may be called: a token bucket as AWS keeps them. */
export interface Quota {
  readonly perSecond: number;
  readonly burst: number;
}

/** Counts calls; `take` is false when the quota of an operation is used up. */
export function createQuotas(quotas: Readonly<Record<string, Quota>>, now: () => number): { take(operation: string): boolean } {
  const left = new Map<string, { tokens: number; atMs: number }>();
  return {
    take: (operation) => {
      const quota = quotas[operation];
      if (quota === undefined) return true;
      const atMs = now();
      const before = left.get(operation) ?? { tokens: quota.burst, atMs };
      const tokens = Math.min(quota.burst, before.tokens + ((atMs - before.atMs) / 1000) * quota.perSecond);
      left.set(operation, { tokens: tokens < 1 ? tokens : tokens - 1, atMs });
      return tokens >= 1;
    },
  };
}
