import type { Agenda } from "./agenda.ts";
import type { Market } from "./environment.ts";
import type { Histogram } from "./histogram.ts";
import { createHistogram } from "./histogram.ts";

/** A minute of the run. */
export interface Sample {
  readonly minute: number;
  readonly arrivals: number;
  readonly waiting: number;
  readonly running: number;
  readonly instances: number;
  readonly oldestSeconds: number;
}

/** Everything that is counted while a fleet runs. */
export interface Ledger {
  readonly waits: Histogram;
  readonly sojourns: Histogram;
  readonly samples: Sample[];
  readonly totals: Totals;
  /** One job more or less in the system, from now on. */
  jobs(change: 1 | -1): void;
  /** One instance more or less that is paid for, from now on. */
  instances(market: Market, change: 1 | -1): void;
  /** Paid for now. */
  paidFor(): number;
  /** Brings the integrals up to now. */
  close(): void;
}

/** Sums; the seconds are of slots, of jobs and of instances. */
export interface Totals {
  arrivals: number;
  finished: number;
  interruptions: number;
  interruptedAttempts: number;
  busySeconds: number;
  wastedSeconds: number;
  videoSeconds: number;
  jobSeconds: number;
  instanceSeconds: Record<Market, number>;
  mostInstances: number;
}

/** An empty one at the agenda's time. */
export function createLedger(agenda: Agenda): Ledger {
  const totals: Totals = {
    arrivals: 0,
    finished: 0,
    interruptions: 0,
    interruptedAttempts: 0,
    busySeconds: 0,
    wastedSeconds: 0,
    videoSeconds: 0,
    jobSeconds: 0,
    instanceSeconds: { "on-demand": 0, spot: 0 },
    mostInstances: 0,
  };
  const held = { jobs: 0, "on-demand": 0, spot: 0 };
  const since = { jobs: 0, "on-demand": 0, spot: 0 };
  const settleJobs = (): void => {
    totals.jobSeconds += held.jobs * (agenda.now() - since.jobs);
    since.jobs = agenda.now();
  };
  const settleInstances = (market: Market): void => {
    totals.instanceSeconds[market] += held[market] * (agenda.now() - since[market]);
    since[market] = agenda.now();
  };
  const paidFor = (): number => held["on-demand"] + held.spot;
  return {
    waits: createHistogram(),
    sojourns: createHistogram(),
    samples: [],
    totals,
    jobs: (change) => {
      settleJobs();
      held.jobs += change;
    },
    instances: (market, change) => {
      settleInstances(market);
      held[market] += change;
      totals.mostInstances = Math.max(totals.mostInstances, paidFor());
    },
    paidFor,
    close: () => {
      settleJobs();
      settleInstances("on-demand");
      settleInstances("spot");
    },
  };
}
