/** Lets encodes begin as the memory of the machine allows. */
export interface MemoryGate {
  /**
   * Resolves when so many bytes are free of what all jobs may take, in the order of asking; a job that is alone is never
   * kept waiting, however much it needs. Disposing of the result gives the bytes back. Rejects with the signal's reason.
   */
  enter(bytes: number, waiting: Waiting): Promise<Disposable>;
}

interface Waiting {
  readonly signal: AbortSignal;
  /** Called at once when there is no room yet. */
  readonly onWait?: () => void;
}

interface Ticket {
  readonly bytes: number;
  readonly let: () => void;
}

/** A gate before this budget of bytes (RELIABILITY.md R-L11). */
export function createMemoryGate(budgetBytes: number): MemoryGate {
  const waiting: Ticket[] = [];
  let taken = 0;
  const letIn = (): void => {
    for (let next = waiting[0]; next && (taken === 0 || taken + next.bytes <= budgetBytes); next = waiting[0]) {
      waiting.shift();
      taken += next.bytes;
      next.let();
    }
  };
  return {
    enter: async (bytes, { signal, onWait }) => {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const ticket: Ticket = { bytes, let: resolve };
      const leave = (): void => {
        const at = waiting.indexOf(ticket);
        if (at === -1) return;
        waiting.splice(at, 1);
        reject(signal.reason);
        letIn();
      };
      waiting.push(ticket);
      letIn();
      if (waiting.includes(ticket)) onWait?.();
      signal.addEventListener("abort", leave, { once: true });
      try {
        await promise;
      } finally {
        signal.removeEventListener("abort", leave);
      }
      return {
        [Symbol.dispose]: () => {
          taken -= bytes;
          letIn();
        },
      };
    },
  };
}
