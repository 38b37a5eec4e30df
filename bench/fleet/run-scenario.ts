import type { Scenario } from "./assumptions.ts";
import { ASSUMPTIONS } from "./assumptions.ts";
import type { Environment } from "./environment.ts";
import type { Policy } from "./policy.ts";
import { averageMachine, drawWorkOf } from "./service.ts";
import type { Outcome } from "./simulate.ts";
import { simulate } from "./simulate.ts";

export interface ScenarioRun {
  readonly scenario: Scenario;
  readonly policy: Policy;
  readonly seed: number;
  /** Instead of what is assumed. */
  readonly changes?: Partial<Environment>;
}

export interface Judged extends Outcome {
  readonly scenario: Scenario;
  readonly slots: number;
  /** Of the slots' busy time: what an interruption threw away. */
  readonly wastedShare: number;
  /** Of a drought: minutes in which messages waited and nothing ran. */
  readonly stalledMinutes: number;
  /** The maximum was reached, and somebody waited for more than an hour. */
  readonly isOverloaded: boolean;
}

const OVERLOADED_AFTER_SECONDS = 3600;

/** A scenario with this policy on Graviton instances of its types. */
export function runScenario({ scenario, policy, seed, changes = {} }: ScenarioRun): Judged {
  const machine = averageMachine(policy.instanceTypes.arm64);
  const limited = { ...policy, maximumInstances: scenario.maximumInstances ?? policy.maximumInstances };
  const { bootSeconds, metricDelaySeconds, interruptionsPerInstanceHour, withoutNoticeShare, visibilitySeconds } = ASSUMPTIONS;
  const environment: Environment = {
    bootSeconds,
    metricDelaySeconds,
    interruptionsPerInstanceHour,
    withoutNoticeShare,
    visibilitySeconds,
    resumes: true,
    isKeptAwake: true,
    usdPerHour: machine.usdPerHour,
    ...(scenario.drought ? { drought: scenario.drought } : {}),
    ...changes,
  };
  const drawWork = drawWorkOf(scenario.mix, machine, limited.slotsPerInstance);
  const outcome = simulate({ load: scenario.load, drawWork, policy: limited, environment, seed });
  const isFull = outcome.totals.mostInstances >= limited.maximumInstances;
  const longest = outcome.samples.reduce((most, { oldestSeconds }) => Math.max(most, oldestSeconds), 0);
  return {
    ...outcome,
    scenario,
    slots: policy.slotsPerInstance,
    wastedShare: outcome.totals.busySeconds === 0 ? 0 : outcome.totals.wastedSeconds / outcome.totals.busySeconds,
    stalledMinutes: stalledIn(outcome, scenario),
    isOverloaded: isFull && longest > OVERLOADED_AFTER_SECONDS,
  };
}

function stalledIn({ samples }: Outcome, { drought }: Scenario): number {
  if (!drought) return 0;
  const [from, to] = [drought.fromHour * 60, (drought.fromHour + drought.hours) * 60];
  return samples.filter(({ minute, waiting, running }) => minute >= from && minute < to && waiting > 0 && running === 0).length;
}
