import { exponential } from "../../bench/fleet/chance.ts";
import type { Environment, Load, Work } from "../../bench/fleet/environment.ts";
import type { Policy } from "../../bench/fleet/policy.ts";
import type { Run } from "../../bench/fleet/simulate.ts";

/** A policy of small numbers, with changes. */
export const aPolicy = (changes: Partial<Policy> = {}): Policy => ({
  slotsPerInstance: 1,
  backlogCounts: "visible and in flight",
  backlogPerInstance: 1,
  minimumInstances: 0,
  maximumInstances: 50,
  warmUpSeconds: 120,
  fromZero: [{ backlog: 1, instances: 1 }],
  onDemandBaseInstances: 0,
  onDemandPercentAboveBase: 0,
  instanceTypes: { arm64: ["c7g.xlarge"], x86_64: ["c7i.xlarge"] },
  ...changes,
});

/** Surroundings in which nothing goes wrong, with changes. */
export const anEnvironment = (changes: Partial<Environment> = {}): Environment => ({
  bootSeconds: 120,
  metricDelaySeconds: 60,
  interruptionsPerInstanceHour: 0,
  withoutNoticeShare: 0,
  resumes: true,
  visibilitySeconds: 300,
  isKeptAwake: false,
  usdPerHour: { "on-demand": 1, spot: 0.4 },
  ...changes,
});

/** So many uploads an hour, from the first to the last. */
export const aLoad = (perHour: number, hours: number): Load => ({ hours, highestPerHour: perHour, perHour: () => perHour });

/** What takes this long on average, without memory. */
export const drawExponential =
  (meanSeconds: number) =>
  (random: Parameters<Run["drawWork"]>[0]): Work => {
    const encodeSeconds = exponential(random, meanSeconds);
    return { overheadSeconds: 0, encodeSeconds, chunkSeconds: 30, videoSeconds: encodeSeconds };
  };

/** A run of a load of jobs of a minute each, with changes. */
export const aRun = (changes: Partial<Run> = {}): Run => ({
  load: aLoad(100, 6),
  drawWork: drawExponential(60),
  policy: aPolicy(),
  environment: anEnvironment(),
  seed: 1,
  ...changes,
});
