import type { ScenarioName } from "./assumptions.ts";
import { SCENARIOS } from "./assumptions.ts";
import { maximumFor } from "./capacity.ts";
import type { Policy } from "./policy.ts";
import { duration } from "./report.ts";
import type { Judged } from "./run-scenario.ts";
import { runScenario } from "./run-scenario.ts";

/** What the fleet must keep, as the mean over the seeds of the time that 99 of 100 uploads wait at most. */
export const LIMITS: Readonly<Partial<Record<ScenarioName, number>>> = {
  diurnal: 300,
  burst: 600,
  "long-form": 600,
  opening: 600,
  drought: 3600,
};

const SEEDS = [1, 2];
/** What two seeds differ by anyway. */
export const NEXT_TO_NOTHING = 0.02;

interface Candidate {
  readonly label: string;
  readonly policy: Policy;
}

interface Question {
  readonly name: StageName;
  readonly scenarios: readonly ScenarioName[];
  readonly candidates: (base: Policy) => readonly Candidate[];
}

export const STAGE_NAMES = ["target", "on-demand", "from-zero", "warm-up"] as const;
export type StageName = (typeof STAGE_NAMES)[number];

/** One candidate with what came of it. */
export interface Answer extends Candidate {
  /** Mean over the seeds, in seconds, by scenario. */
  readonly waitP99: Readonly<Partial<Record<ScenarioName, number>>>;
  readonly costUsd: number;
  /** In which messages waited and nothing ran, since Spot had no capacity. */
  readonly stalledMinutes: number;
  readonly isAllowed: boolean;
}

export interface Stage {
  readonly name: StageName;
  readonly scenarios: readonly ScenarioName[];
  readonly answers: readonly Answer[];
  readonly best: Answer;
}

/** Where the search begins: each question is asked with the answers of those before it. */
const START = {
  backlogCounts: "visible and in flight",
  backlogPerInstance: 1,
  onDemandBaseInstances: 0,
  onDemandPercentAboveBase: 0,
  fromZero: [{ backlog: 1, instances: 1 }],
  warmUpSeconds: 120,
} satisfies Partial<Policy>;

const STEPS = {
  "1": [{ backlog: 1, instances: 1 }],
  "1, 5 of 10": [
    { backlog: 1, instances: 1 },
    { backlog: 10, instances: 5 },
  ],
  "1, 5 of 10, 25 of 100": [
    { backlog: 1, instances: 1 },
    { backlog: 10, instances: 5 },
    { backlog: 100, instances: 25 },
  ],
} satisfies Record<string, Policy["fromZero"]>;

const QUESTIONS: readonly Question[] = [
  {
    name: "target",
    scenarios: ["diurnal", "burst", "long-form"],
    candidates: (base) => [
      ...[0.8, 1, 1.25, 1.5, 2, 3, 4].map((target) => targetOf(base, "visible and in flight", target)),
      ...[1, 2, 4].map((target) => targetOf(base, "visible", target)),
    ],
  },
  {
    name: "on-demand",
    scenarios: ["diurnal", "drought"],
    candidates: (base) => [
      ...[0, 1, 5].map((count) => ({ label: countOf(count), policy: { ...base, onDemandBaseInstances: count } })),
      ...[10, 20, 30, 50, 100].map((share) => ({ label: `${share} %`, policy: { ...base, onDemandPercentAboveBase: share } })),
    ],
  },
  {
    name: "from-zero",
    scenarios: ["quiet", "opening"],
    candidates: (base) => [
      ...Object.entries(STEPS).map(([label, fromZero]) => ({ label, policy: { ...base, fromZero } })),
      { label: "one is always there", policy: { ...base, minimumInstances: 1 } },
    ],
  },
  {
    name: "warm-up",
    scenarios: ["diurnal", "burst"],
    candidates: (base) => [120, 0, 60, 300, 600].map((seconds) => ({ label: `${seconds} s`, policy: { ...base, warmUpSeconds: seconds } })),
  },
];

const countOf = (instances: number): string => (instances === 0 ? "none" : `the first ${instances === 1 ? "one" : instances}`);

function targetOf(base: Policy, backlogCounts: Policy["backlogCounts"], backlogPerInstance: number): Candidate {
  return { label: `${backlogPerInstance} ${backlogCounts}`, policy: { ...base, backlogCounts, backlogPerInstance } };
}

/** Asks one question after the other; what is recommended keeps the limits and costs least, or 2 % more. Throws where none is. */
export function sweep(policy: Policy): readonly Stage[] {
  const { mix, load } = SCENARIOS.diurnal;
  let base: Policy = { ...policy, ...START, maximumInstances: maximumFor(load.highestPerHour, mix, policy) };
  return QUESTIONS.map((question) => {
    const stage = ask(question, base);
    base = stage.best.policy;
    return stage;
  });
}

/** The policy that the last question leaves. */
export function recommended(stages: readonly Stage[]): Policy {
  const last = stages.at(-1);
  if (!last) throw new Error("nothing was asked");
  return last.best.policy;
}

function ask({ name, scenarios, candidates }: Question, base: Policy): Stage {
  const answers = candidates(base).map((candidate) => answerOf(candidate, scenarios));
  const best = bestOf(answers);
  if (!best) throw new Error(`${name}: no candidate keeps the limits`);
  return { name, scenarios, answers, best };
}

/** The cheapest within the limits; of those that cost next to nothing more, the one with the shortest waits. */
function bestOf(answers: readonly Answer[]): Answer | undefined {
  const allowed = answers.filter(({ isAllowed }) => isAllowed);
  const least = Math.min(...allowed.map(({ costUsd }) => costUsd));
  return allowed
    .filter(({ costUsd }) => costUsd <= least * (1 + NEXT_TO_NOTHING))
    .reduce<Answer | undefined>((best, answer) => (best && waitsOf(best) <= waitsOf(answer) ? best : answer), undefined);
}

const waitsOf = ({ waitP99 }: Answer): number => Object.values(waitP99).reduce((sum, seconds) => sum + seconds, 0);

function answerOf(candidate: Candidate, scenarios: readonly ScenarioName[]): Answer {
  const runs = scenarios.map((name) => ({
    name,
    of: SEEDS.map((seed) => runScenario({ scenario: SCENARIOS[name], policy: candidate.policy, seed })),
  }));
  const waitP99 = Object.fromEntries(runs.map(({ name, of }) => [name, mean(of, ({ wait }) => wait.p99)]));
  const costUsd = runs.reduce((sum, { of }) => sum + mean(of, (run) => run.costUsd), 0);
  const stalledMinutes = runs.reduce((sum, { of }) => sum + mean(of, (run) => run.stalledMinutes), 0);
  const isWithin = runs.every(({ name }) => (waitP99[name] ?? Number.NaN) <= (LIMITS[name] ?? Number.POSITIVE_INFINITY));
  return { ...candidate, waitP99, costUsd, stalledMinutes, isAllowed: isWithin && stalledMinutes === 0 };
}

const mean = (runs: readonly Judged[], pick: (run: Judged) => number): number =>
  runs.reduce((sum, run) => sum + pick(run), 0) / runs.length;

/** The candidates of a stage with their figures, the recommended one marked; heads first. */
export function stageRows({ name, scenarios, answers, best }: Stage): readonly (readonly string[])[] {
  const isDrought = scenarios.includes("drought");
  const heads = [
    name,
    ...scenarios.map((scenario) => `${scenario}: wait p99`),
    ...(isDrought ? ["standstill"] : []),
    "cost of these days",
    "verdict",
  ];
  const cells = (answer: Answer): readonly string[] => [
    answer.label,
    ...scenarios.map((scenario) => duration(answer.waitP99[scenario] ?? Number.NaN)),
    ...(isDrought ? [`${answer.stalledMinutes} min`] : []),
    `$${answer.costUsd.toFixed(2)}`,
    verdictOn(answer, best),
  ];
  return [heads, ...answers.map(cells)];
}

function verdictOn(answer: Answer, best: Answer): string {
  if (answer === best) return "chosen";
  if (answer.stalledMinutes > 0) return "stands still";
  return answer.isAllowed ? "no better" : "too slow";
}
