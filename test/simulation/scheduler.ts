import type { Random } from "./random.ts";

/** One incarnation of a worker process: a restart is another one. */
export interface Life {
  readonly name: string;
  readonly worker: string;
  readonly bornAtMs: number;
  isAlive: boolean;
  /** A stopped process: nothing reaches it before, everything that is due then comes in any order. */
  frozenUntilMs: number;
  /** Requests to either service fail until then. */
  cutOffUntilMs: number;
  /** What its machine's clock is ahead of the services'. */
  clockAheadMs: number;
  /** Aborts when the process is told to stop. */
  readonly stopping: AbortController;
  /** The receipt handle of the message in work. */
  holding: string | undefined;
  /** Programs that run for it. */
  children: number;
}

/** A process that begins now. */
export const newLife = (facts: Pick<Life, "name" | "worker" | "bornAtMs" | "clockAheadMs">): Life => ({
  ...facts,
  isAlive: true,
  frozenUntilMs: 0,
  cutOffUntilMs: 0,
  stopping: new AbortController(),
  holding: undefined,
  children: 0,
});

/** Something that will happen: in a process, or (without one) at a service. */
export interface Occasion {
  readonly label: string;
  readonly life?: Life | undefined;
  readonly act: () => void;
}

export interface Scheduled {
  readonly occasion: Occasion;
  readonly dueMs: number;
  readonly tie: number;
}

export interface Scheduler {
  /** Virtual milliseconds. */
  now(): number;
  after(delayMs: number, occasion: Occasion): Scheduled;
  cancel(scheduled: Scheduled): void;
  /** Lets the next thing happen and everything that follows from it in the processes; false when nothing is left. */
  step(): Promise<boolean>;
  /** Told of each occasion before it happens. */
  onStep?: (occasion: Occasion) => void;
}

// The simulation replaces the process's timers; this one drives it.
const realImmediate = setImmediate;
/** Microtasks run before it, so that every process stands at an await that only another occasion can end. */
const settled = async (): Promise<void> => new Promise((resolve) => realImmediate(resolve));

const isGone = (life: Life | undefined): boolean => life?.isAlive === false;

/**
 * Virtual time and what is due in it. Every await of the code under test that crosses the process's border is an occasion;
 * those of the same moment happen in an order of chance.
 */
export function createScheduler(random: Random): Scheduler {
  const pending = new Set<Scheduled>();
  let nowMs = 0;
  const next = (): Scheduled | undefined => {
    let first: Scheduled | undefined;
    for (const one of pending) if (!first || one.dueMs < first.dueMs || (one.dueMs === first.dueMs && one.tie < first.tie)) first = one;
    return first;
  };
  const after = (delayMs: number, occasion: Occasion): Scheduled => {
    const scheduled = { occasion, dueMs: nowMs + Math.max(0, delayMs), tie: random.next() };
    pending.add(scheduled);
    return scheduled;
  };
  const scheduler: Scheduler = {
    now: () => nowMs,
    after,
    cancel: (scheduled) => {
      pending.delete(scheduled);
    },
    step: async () => {
      const scheduled = next();
      if (!scheduled) return false;
      pending.delete(scheduled);
      const { occasion, dueMs } = scheduled;
      const { life } = occasion;
      if (isGone(life)) return true;
      nowMs = Math.max(nowMs, dueMs);
      scheduler.onStep?.(occasion);
      if (isGone(life)) return true;
      if (life && life.frozenUntilMs > nowMs) {
        after(life.frozenUntilMs - nowMs, occasion);
        return true;
      }
      occasion.act();
      await settled();
      return true;
    },
  };
  return scheduler;
}
