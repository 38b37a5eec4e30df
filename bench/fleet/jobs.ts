import type { Agenda } from "./agenda.ts";
import type { Environment, Work } from "./environment.ts";
import type { Ledger } from "./ledger.ts";
import { createFifo } from "./queue.ts";

/** Standard queues: "a maximum of approximately 120,000 in flight messages". */
const MOST_IN_FLIGHT = 120_000;
/** A message that was given back during a poll may be swallowed by it: it comes back after this (RELIABILITY §2). */
const GIVEN_BACK_SECONDS = 30;

interface Job {
  readonly work: Work;
  readonly arrivedAt: number;
  /** Whole chunks that earlier attempts have left. */
  doneSeconds: number;
  hasWaited: boolean;
}

/** A job in a slot. */
export interface Attempt {
  readonly job: Job;
  readonly startedAt: number;
  isOver: boolean;
}

/** The queue and what the slots do with it. */
export interface Jobs {
  arrive(work: Work): void;
  /** The next message in a slot, or undefined when none can be received; `onEnd` is called when the job is published. */
  start(onEnd: (attempt: Attempt) => void): Attempt | undefined;
  /** The attempt ends unfinished; its message comes back. */
  giveBack(attempt: Attempt, isNoticed: boolean): void;
  visible(): number;
  inFlight(): number;
  running(): number;
  oldestSeconds(): number;
}

interface Site {
  readonly agenda: Agenda;
  readonly ledger: Ledger;
  readonly environment: Environment;
  /** A message can be received. */
  readonly onVisible: () => void;
}

/** An empty queue. */
export function createJobs({ agenda, ledger, environment, onVisible }: Site): Jobs {
  const fresh = createFifo<Job>();
  const returned = createFifo<Job>();
  let [running, hidden] = [0, 0];
  const { totals } = ledger;

  function finish(attempt: Attempt, onEnd: (attempt: Attempt) => void): void {
    if (attempt.isOver) return;
    attempt.isOver = true;
    running -= 1;
    ledger.jobs(-1);
    totals.finished += 1;
    totals.busySeconds += agenda.now() - attempt.startedAt;
    totals.videoSeconds += attempt.job.work.videoSeconds;
    ledger.sojourns.add(agenda.now() - attempt.job.arrivedAt);
    onEnd(attempt);
  }

  function comeBack(job: Job): void {
    hidden -= 1;
    returned.push(job);
    onVisible();
  }

  const ageOf = (job: Job | undefined): number => (job ? agenda.now() - job.arrivedAt : 0);
  return {
    arrive: (work) => {
      totals.arrivals += 1;
      ledger.jobs(1);
      fresh.push({ work, arrivedAt: agenda.now(), doneSeconds: 0, hasWaited: false });
      onVisible();
    },
    start: (onEnd) => {
      if (running + hidden >= MOST_IN_FLIGHT) return undefined;
      const job = returned.shift() ?? fresh.shift();
      if (!job) return undefined;
      if (!job.hasWaited) ledger.waits.add(ageOf(job));
      job.hasWaited = true;
      const attempt: Attempt = { job, startedAt: agenda.now(), isOver: false };
      running += 1;
      agenda.after(job.work.overheadSeconds + job.work.encodeSeconds - job.doneSeconds, () => finish(attempt, onEnd));
      return attempt;
    },
    giveBack: (attempt, isNoticed) => {
      attempt.isOver = true;
      running -= 1;
      hidden += 1;
      const ran = agenda.now() - attempt.startedAt;
      const kept = environment.resumes ? keptSeconds(attempt.job, ran) : 0;
      attempt.job.doneSeconds += kept;
      totals.interruptedAttempts += 1;
      totals.busySeconds += ran;
      totals.wastedSeconds += ran - kept;
      agenda.after(isNoticed ? GIVEN_BACK_SECONDS : environment.visibilitySeconds, () => comeBack(attempt.job));
    },
    visible: () => returned.length() + fresh.length(),
    inFlight: () => running + hidden,
    running: () => running,
    oldestSeconds: () => Math.max(ageOf(returned.first()), ageOf(fresh.first())),
  };
}

/** What an attempt that ran for so long adds to what is done. */
function keptSeconds({ work, doneSeconds }: Job, ranSeconds: number): number {
  const encoded = Math.min(Math.max(0, ranSeconds - work.overheadSeconds), work.encodeSeconds - doneSeconds);
  return Math.floor(encoded / work.chunkSeconds) * work.chunkSeconds;
}
