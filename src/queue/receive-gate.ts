import { pause } from "./pause.ts";

/** What the gate tells when it closes or opens: once a change, never once an attempt. */
export type GateChange =
  | { readonly kind: "failing"; readonly error: unknown }
  | { readonly kind: "recovered"; readonly failures: number; readonly downSeconds: number };

export interface ReceiveGateOptions {
  readonly onChange: (change: GateChange) => void;
  readonly random?: () => number;
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
}

/** The one receive a slot was let through for; exactly one of the two is called, once. */
export interface Ticket {
  succeeded(): void;
  failed(error: unknown): void;
}

/** Lets receives through, all at once while the queue answers, one at a time with growing pauses while it does not. */
export interface ReceiveGate {
  /** Resolves when a receive may start; rejects with the signal's reason when that comes first. */
  enter(signal: AbortSignal): Promise<Ticket>;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * The back-off of all slots together (R-Q7): sqs-consumer alone asks a dead queue 25 times a second and slot. Pauses
 * double from 1 s to 30 s, each shortened by up to a half at random.
 */
export function createReceiveGate({ onChange, random = Math.random, clock = () => performance.now() }: ReceiveGateOptions): ReceiveGate {
  let failures = 0;
  let downSinceMs = 0;
  let lastFailureMs = 0;
  let nextMs = 0;
  let recovery = new AbortController();

  const pauseMs = (): number => Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)) * (1 - random() / 2);
  const leftMs = (): number => (failures > 0 ? nextMs - clock() : 0);
  const succeeded = (): void => {
    if (failures === 0) return;
    onChange({ kind: "recovered", failures, downSeconds: (clock() - downSinceMs) / 1000 });
    failures = 0;
    recovery.abort();
    recovery = new AbortController();
  };
  const failed = (error: unknown, startedMs: number): void => {
    const first = failures === 0;
    // Receives that ran side by side fail of one cause: together they count once.
    if (first || startedMs >= lastFailureMs) failures += 1;
    lastFailureMs = clock();
    nextMs = lastFailureMs + pauseMs();
    if (!first) return;
    downSinceMs = lastFailureMs;
    onChange({ kind: "failing", error });
  };

  return {
    enter: async (signal) => {
      for (let waitMs = leftMs(); waitMs > 0; waitMs = leftMs()) {
        await pause(waitMs, AbortSignal.any([signal, recovery.signal]));
        signal.throwIfAborted();
      }
      signal.throwIfAborted();
      const startedMs = clock();
      // Whoever comes after this one waits for its outcome, though not for ever.
      nextMs = startedMs + LONGEST_PAUSE_MS;
      return { succeeded, failed: (error) => failed(error, startedMs) };
    },
  };
}
