/** Chance that is the same in every run of one seed. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A whole number below `limit`. */
  below(limit: number): number;
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  /** One of them; throws for an empty list. */
  pick<T>(items: readonly T[]): T;
}

/** A generator of 32 bits of state (mulberry32): small, and good enough to stir orders and delays. */
export function createRandom(seed: number): Random {
  let state = (seed * 2_654_435_761) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    between: (low, high) => low + next() * (high - low),
    chance: (probability) => next() < probability,
    pick: (items) => {
      const picked = items[below(items.length)];
      if (picked === undefined) throw new Error("nothing to pick from");
      return picked;
    },
  };
}
