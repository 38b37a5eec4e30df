/** Lets so many tasks run at once; the others wait in the order they came. */
export interface Slots {
  /** Resolves with the function that gives the slot back. */
  take(): Promise<() => void>;
}

/** The capacity of a queue or pipeline. */
export function createSlots(count: number): Slots {
  const waiting: (() => void)[] = [];
  let free = count;
  const giveBack = (): void => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  };
  return {
    take: async () => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return giveBack;
    },
  };
}
