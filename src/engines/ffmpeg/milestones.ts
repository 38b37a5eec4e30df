/** Points on a way that several walk and others wait at. */
export interface Milestones {
  /** Resolves when all have been there; at once for a point before the first. Rejects when the signal aborts. */
  reached(index: number): Promise<void>;
  reach(index: number): void;
}

/** So many points, each reached when it was called for `walkers` times. */
export function milestones(count: number, signal: AbortSignal, walkers = 1): Milestones {
  const points = Array.from({ length: count }, () => ({ ...Promise.withResolvers<void>(), missing: walkers }));
  const onAbort = (): void => points.forEach(({ reject }) => reject(signal.reason));
  // Nobody may be waiting when it is given up.
  for (const { promise } of points) promise.catch(() => undefined);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return {
    reached: async (index) => points[index]?.promise,
    reach(index) {
      const point = points[index];
      if (!point) return;
      point.missing -= 1;
      if (point.missing <= 0) point.resolve();
    },
  };
}
