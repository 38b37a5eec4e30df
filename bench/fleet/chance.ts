import type { Random } from "../../test/simulation/random.ts";

/** A duration with this mean and no memory. */
export function exponential(random: Random, meanSeconds: number): number {
  return -Math.log(1 - random.next()) * meanSeconds;
}

/** A log-normal by its median and its mean, which is above it. */
export function logNormal(random: Random, { median, mean }: { readonly median: number; readonly mean: number }): number {
  const sigma = Math.sqrt(2 * Math.log(mean / median));
  // Box and Muller's transform.
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return median * Math.exp(sigma * normal);
}

/** Draws one of the keys, by its weight; the weights need not add up to 1. Throws where there are none. */
export function weightedChoice<T>(weights: ReadonlyMap<T, number>): (random: Random) => T {
  const entries = [...weights].map(([key, weight]) => ({ key, weight }));
  const sum = entries.reduce((total, { weight }) => total + weight, 0);
  const last = entries.at(-1);
  if (!last) throw new Error("nothing to choose from");
  return (random) => {
    let left = random.next() * sum;
    for (const { key, weight } of entries) {
      if (left < weight) return key;
      left -= weight;
    }
    return last.key;
  };
}
