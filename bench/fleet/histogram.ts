/** Durations in bounded memory: quantiles within 1 % of the value. */
export interface Histogram {
  add(seconds: number): void;
  /** 0 when nothing was added. */
  quantile(share: number): number;
  mean(): number;
  count(): number;
}

/** Each bucket is this much wider than the one below. */
const GROWTH = 1.02;
/** Below this a duration is 0. */
const SHORTEST_SECONDS = 0.1;

/** An empty one: buckets on a logarithmic scale, made as they are needed. */
export function createHistogram(): Histogram {
  const buckets: number[] = [0];
  let [count, sum] = [0, 0];
  return {
    add: (seconds) => {
      const bucket = seconds < SHORTEST_SECONDS ? 0 : 1 + Math.floor(Math.log(seconds / SHORTEST_SECONDS) / Math.log(GROWTH));
      while (buckets.length <= bucket) buckets.push(0);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
      count += 1;
      sum += seconds;
    },
    quantile: (share) => valueAt(buckets, Math.ceil(share * count)),
    mean: () => (count === 0 ? 0 : sum / count),
    count: () => count,
  };
}

function valueAt(buckets: readonly number[], rank: number): number {
  let seen = 0;
  const bucket = buckets.findIndex((held) => (seen += held) >= rank);
  return bucket <= 0 ? 0 : SHORTEST_SECONDS * GROWTH ** (bucket - 0.5);
}
