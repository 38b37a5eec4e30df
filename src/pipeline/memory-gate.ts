import { ResourceError, ShutdownError } from "../domain/errors.ts";

/** Lets encodes begin as the memory of the machine allows. */
export interface MemoryGate {
  /**
   * Resolves when so many bytes are free of what all jobs may take, in the order of asking; a job that is alone is never
   * kept waiting, however much it needs. Disposing of the result gives the bytes back. Rejects with the signal's reason, with
   * ResourceError memory_full after ten minutes (another machine may have the memory, and the lease does not last for ever),
   * and with ShutdownError in a drain.
   */
  enter(bytes: number, waiting: Waiting): Promise<Disposable>;
  /** Whether somebody waits: what is received now would wait behind it. */
  isCrowded(): boolean;
  /** Sends away who waits, and lets nobody wait any more: a drain is for what runs. */
  drain(): void;
}

interface Waiting {
  readonly signal: AbortSignal;
  /** Called at once when there is no room yet. */
  readonly onWait?: () => void;
}

interface Ticket {
  readonly bytes: number;
  readonly let: () => void;
  readonly refuse: (reason: unknown) => void;
}

const LONGEST_WAIT_MS = 600_000;

/** A gate before this budget of bytes (RELIABILITY.md R-L11). */
export function createMemoryGate(budgetBytes: number): MemoryGate {
  const waiting: Ticket[] = [];
  let taken = 0;
  let isDraining = false;
  const letIn = (): void => {
    for (let next = waiting[0]; next && (taken === 0 || taken + next.bytes <= budgetBytes); next = waiting[0]) {
      waiting.shift();
      taken += next.bytes;
      next.let();
    }
  };
  const sendAway = (ticket: Ticket, reason: unknown): void => {
    const at = waiting.indexOf(ticket);
    if (at === -1) return;
    waiting.splice(at, 1);
    ticket.refuse(reason);
    letIn();
  };
  /** Until it is let in or sent away. */
  const wait = async (ticket: Ticket, turn: Promise<void>, { signal, onWait }: Waiting): Promise<void> => {
    if (isDraining) return sendAway(ticket, draining());
    onWait?.();
    const onAbort = (): void => sendAway(ticket, signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const full = new ResourceError("memory_full", "the encodes that run here leave no memory for this one");
    const timer = setTimeout(() => sendAway(ticket, full), LONGEST_WAIT_MS);
    await turn.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    });
  };
  return {
    enter: async (bytes, options) => {
      options.signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const ticket: Ticket = { bytes, let: resolve, refuse: reject };
      waiting.push(ticket);
      letIn();
      if (waiting.includes(ticket)) await wait(ticket, promise, options);
      await promise;
      return {
        [Symbol.dispose]: () => {
          taken -= bytes;
          letIn();
        },
      };
    },
    isCrowded: () => waiting.length > 0,
    drain: () => {
      isDraining = true;
      for (const ticket of [...waiting]) sendAway(ticket, draining());
    },
  };
}

const draining = (): ShutdownError => new ShutdownError("the worker stops before there was memory for this encode");
