import type { Environment, Load } from "./environment.ts";

/**
 * What nobody has measured here. Each is one number or table to replace by your own; docs/scale.md lists them.
 */
export const ASSUMPTIONS = {
  /** From the launch to the first receive, with everything in the image; an installation at boot takes minutes more. */
  bootSeconds: 120,
  /** SQS publishes its metrics every minute; the alarm sees a minute's value when that minute is over. */
  metricDelaySeconds: 60,
  /** Of 4 vCPUs that one ffmpeg has, beside the work of 4 with an ffmpeg each: as the pipeline estimates its own jobs. */
  parallelEfficiency: 0.9,
  /** Receive, claim, fetch, upload, commit: requests and transfers, beside the processor's work of a job. */
  requestSeconds: 5,
  /** The Spot Instance Advisor's worst band is above 20 % in a month, 0.0003 in an hour: thirty times that. */
  interruptionsPerInstanceHour: 0.01,
  /** Notices are "on a best-effort basis". */
  withoutNoticeShare: 0.05,
  /** Segments of 6 s by `encode.chunkSegments`: what a further interruption costs at most. */
  chunkVideoSeconds: 30,
  visibilitySeconds: 300,
} as const;

/** Heights that a source has, and how often. */
export const HEIGHT_WEIGHTS = { "2160": 0.05, "1080": 0.6, "720": 0.25, "480": 0.1 } as const;

/** Log-normal lengths: a few long ones make the mean. */
export const LENGTHS = {
  short: { median: 35, mean: 60, atMost: 900 },
  long: { median: 1500, mean: 2400, atMost: 14_400 },
} as const;

/** Shares of the two kinds of length. */
export const MIXES = {
  short: { short: 1, long: 0 },
  mixed: { short: 0.95, long: 0.05 },
  long: { short: 0, long: 1 },
} as const;
export type MixName = keyof typeof MIXES;

export interface Scenario {
  readonly name: ScenarioName;
  readonly says: string;
  readonly mix: MixName;
  readonly load: Load;
  /** Instead of the policy's, where the load needs more. */
  readonly maximumInstances?: number;
  readonly drought?: Environment["drought"];
}

export const SCENARIO_NAMES = [
  "quiet",
  "steady",
  "diurnal",
  "burst",
  "long-form",
  "opening",
  "drought",
  "diurnal-10k",
  "burst-100k",
  "diurnal-100k",
] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

const DAY = 24;

const steady = (perHour: number): Load => ({ hours: DAY, highestPerHour: perHour, perHour: () => perHour });

/** A cosine that begins in its trough and has its peak after half a day. */
function diurnal(peak: number, trough: number): Load {
  const swing = (hour: number): number => (1 + Math.cos((2 * Math.PI * (hour - 12)) / DAY)) / 2;
  return { hours: DAY, highestPerHour: peak, perHour: (seconds) => trough + (peak - trough) * swing(seconds / 3600) };
}

/** Ten times the load from one second to the next, for half an hour. */
function burst(perHour: number): Load {
  const [from, to] = [12 * 3600, 12.5 * 3600];
  return { hours: DAY, highestPerHour: 10 * perHour, perHour: (at) => (at >= from && at < to ? 10 * perHour : perHour) };
}

/** The same rate between two hours, and nothing before and after. */
const between = (from: number, to: number, perHour: number): Load => ({
  hours: DAY,
  highestPerHour: perHour,
  perHour: (at) => (at >= from * 3600 && at < to * 3600 ? perHour : 0),
});

/** Far more than any of the loads needs: what the load takes is what is looked at. */
const UNLIMITED = 10_000;

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  quiet: { name: "quiet", says: "5 an hour in working hours, nothing at night", mix: "mixed", load: between(8, 18, 5) },
  steady: { name: "steady", says: "500 an hour", mix: "mixed", load: steady(500) },
  diurnal: { name: "diurnal", says: "100 to 1,000 an hour over the day", mix: "mixed", load: diurnal(1000, 100) },
  burst: { name: "burst", says: "100 an hour, ten times that for half an hour", mix: "mixed", load: burst(100) },
  "long-form": { name: "long-form", says: "2 to 20 films an hour over the day", mix: "long", load: diurnal(20, 2) },
  opening: {
    name: "opening",
    says: "1,000 an hour from one second to the next, for one hour",
    mix: "mixed",
    load: between(8, 9, 1000),
  },
  drought: {
    name: "drought",
    says: "as diurnal, without Spot capacity for the hour of the peak",
    mix: "mixed",
    load: diurnal(1000, 100),
    drought: { fromHour: 12, hours: 1 },
  },
  "diurnal-10k": {
    name: "diurnal-10k",
    says: "1,000 to 10,000 an hour over the day",
    mix: "mixed",
    load: diurnal(10_000, 1000),
    maximumInstances: UNLIMITED,
  },
  "burst-100k": {
    name: "burst-100k",
    says: "10,000 an hour, ten times that for half an hour",
    mix: "short",
    load: burst(10_000),
    maximumInstances: UNLIMITED,
  },
  "diurnal-100k": {
    name: "diurnal-100k",
    says: "10,000 to 100,000 an hour over the day",
    mix: "short",
    load: diurnal(100_000, 10_000),
    maximumInstances: UNLIMITED,
  },
};
