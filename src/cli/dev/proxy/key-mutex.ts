/** Runs one action at a time per key, in the order of the calls; keys do not wait for each other. */
export interface KeyMutex {
  run<T>(key: string, action: () => Promise<T>): Promise<T>;
}

/** A mutex per key that forgets a key as soon as nobody holds or awaits it. */
export function createKeyMutex(): KeyMutex {
  const tails = new Map<string, Promise<unknown>>();
  return {
    async run(key, action) {
      const before = tails.get(key) ?? Promise.resolve();
      const result = before.then(action, action);
      const tail = result.catch(() => undefined);
      tails.set(key, tail);
      try {
        return await result;
      } finally {
        if (tails.get(key) === tail) tails.delete(key);
      }
    },
  };
}
