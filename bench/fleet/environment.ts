import type { Random } from "../../test/simulation/random.ts";

/** What a job is to a slot, in seconds on the wall. */
export interface Work {
  /** Fetch, probe, package, verify, publish: paid again by every attempt. */
  readonly overheadSeconds: number;
  readonly encodeSeconds: number;
  /** What an interrupted encode keeps is a whole number of these. */
  readonly chunkSeconds: number;
  readonly videoSeconds: number;
}

/** How many uploads an hour there are at a second, and never more than `highestPerHour`. */
export interface Load {
  readonly hours: number;
  readonly highestPerHour: number;
  readonly perHour: (seconds: number) => number;
}

/** An hour in which Spot has no capacity: what runs is taken within ten minutes, and nothing new is given. */
export interface Drought {
  readonly fromHour: number;
  readonly hours: number;
}

/** What the fleet stands in; assumptions.ts says what is assumed of it. */
export interface Environment {
  readonly bootSeconds: number;
  readonly metricDelaySeconds: number;
  readonly interruptionsPerInstanceHour: number;
  /** Of interruptions: no notice came, and the message stays hidden until its visibility ends. */
  readonly withoutNoticeShare: number;
  /** Whether the next attempt goes on where an interrupted one was. */
  readonly resumes: boolean;
  readonly visibilitySeconds: number;
  /** Whether something uses the queue every few hours, so that its metrics never stop. */
  readonly isKeptAwake: boolean;
  readonly drought?: Drought;
  readonly usdPerHour: Readonly<Record<Market, number>>;
}

export const MARKETS = ["on-demand", "spot"] as const;
export type Market = (typeof MARKETS)[number];

/** Draws what the next upload is. */
export type DrawWork = (random: Random) => Work;
