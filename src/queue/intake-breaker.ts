import type { ErrorCode } from "../domain/errors.ts";
import { LASTING_CODES } from "../domain/errors.ts";
import type { MessageOutcome } from "./handle-message.ts";

const LASTING: ReadonlySet<ErrorCode> = new Set(LASTING_CODES);
/** What shows that jobs get through again. */
const ENDED_WELL: ReadonlySet<MessageOutcome> = new Set<MessageOutcome>(["published", "submitted", "duplicate", "stale", "rejected"]);

const FAILURES = 5;
const PROBE_EVERY_MS = 60_000;

export interface IntakeBreakerOptions {
  readonly onChange: (heldFor: ErrorCode | undefined) => void;
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
}

/** Pauses the intake while jobs fail of what no retry mends (RELIABILITY.md, faults 41 and 52). */
export interface IntakeBreaker {
  /** Takes note of how a message ended. */
  note(settled: { readonly outcome: MessageOutcome; readonly code?: ErrorCode }): void;
  /** Whether a receive may start: once a minute, to try, while the intake is paused. */
  mayReceive(): boolean;
  /** What the intake is paused for. */
  heldFor(): ErrorCode | undefined;
}

/**
 * After five messages in a row that failed so, one message a minute is received until one gets through: a queue that is
 * worked off with nothing but failures would end in the dead-letter queue.
 */
export function createIntakeBreaker({ onChange, clock = () => performance.now() }: IntakeBreakerOptions): IntakeBreaker {
  let failures = 0;
  let heldFor: ErrorCode | undefined;
  let probeAtMs = 0;
  const hold = (code: ErrorCode | undefined): void => {
    const isNews = heldFor !== code;
    heldFor = code;
    if (isNews) onChange(code);
  };
  return {
    note: ({ outcome, code }) => {
      if (code !== undefined && LASTING.has(code)) {
        failures += 1;
        if (failures < FAILURES) return;
        probeAtMs = clock() + PROBE_EVERY_MS;
        hold(code);
      } else if (ENDED_WELL.has(outcome)) {
        failures = 0;
        hold(undefined);
      }
    },
    mayReceive: () => {
      if (heldFor === undefined) return true;
      if (clock() < probeAtMs) return false;
      probeAtMs = clock() + PROBE_EVERY_MS;
      return true;
    },
    heldFor: () => heldFor,
  };
}
