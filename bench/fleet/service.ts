import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { loadLadders } from "../../src/config/ladders.ts";
import type { Ladder } from "../../src/domain/ladder.ts";
import type { MixName } from "./assumptions.ts";
import { ASSUMPTIONS, HEIGHT_WEIGHTS, LENGTHS, MIXES } from "./assumptions.ts";
import { logNormal, weightedChoice } from "./chance.ts";
import type { DrawWork, Market } from "./environment.ts";

const costs = z.record(z.string(), z.number().nonnegative());

const measuredSchema = z.object({
  machine: z.object({ cpu: z.string(), cores: z.number(), architecture: z.string() }),
  clip: z.string(),
  decode: z.object({ "1080": z.number(), "2160": z.number() }),
  audio: z.number(),
  rungs: z.record(z.string(), costs),
  pipeline: z.record(z.string(), z.object({ perSecond: z.number(), perJob: z.number() })),
});

const pricesSchema = z.object({
  region: z.string(),
  asOf: z.string(),
  note: z.string(),
  spotShareOfOnDemand: z.number(),
  types: z.record(z.string(), z.object({ vcpus: z.number(), onDemandUsdPerHour: z.number(), cpuFactor: z.number() })),
});

const read = (name: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, name), "utf8"));

/** What `npm run bench:rungs` wrote: processor seconds of the machine it names, for a second of video. */
export const MEASURED = measuredSchema.parse(read("measured.json"));
/** Prices and speeds by instance type. */
export const PRICES = pricesSchema.parse(read("prices.json"));

export const DEFAULT_LADDER = "h264";
const LENGTH_NAMES = ["short", "long"] as const;
export const HEIGHTS = ["2160", "1080", "720", "480"] as const;
export type Height = (typeof HEIGHTS)[number];

/** An instance type as the simulation sees it. */
export interface Machine {
  readonly type: string;
  readonly vcpus: number;
  /** vCPUs of the measured machine that one of its vCPUs is worth. */
  readonly cpuFactor: number;
  readonly usdPerHour: Readonly<Record<Market, number>>;
}

/** Throws for a type that prices.json does not have. */
export function machineOf(type: string): Machine {
  const entry = PRICES.types[type];
  if (!entry) throw new Error(`bench/fleet/prices.json has no ${type}, only ${Object.keys(PRICES.types).join(", ")}`);
  const { vcpus, cpuFactor, onDemandUsdPerHour } = entry;
  return { type, vcpus, cpuFactor, usdPerHour: { "on-demand": onDemandUsdPerHour, spot: onDemandUsdPerHour * PRICES.spotShareOfOnDemand } };
}

/** The average of several types: a group with mixed instances takes what is to be had. */
export function averageMachine(types: readonly string[]): Machine {
  const machines = types.map(machineOf);
  const mean = (pick: (machine: Machine) => number): number => machines.reduce((sum, machine) => sum + pick(machine), 0) / machines.length;
  const usdPerHour = { "on-demand": mean((one) => one.usdPerHour["on-demand"]), spot: mean((one) => one.usdPerHour.spot) };
  return { type: types.join(", "), vcpus: mean(({ vcpus }) => vcpus), cpuFactor: mean(({ cpuFactor }) => cpuFactor), usdPerHour };
}

function ladderOf(name: string): Ladder {
  const ladder = loadLadders().get(name);
  if (!ladder) throw new Error(`there is no ladder ${name}`);
  return ladder;
}

/**
 * Processor seconds of the measured machine for a second of a source of this height: the decode, the sound and every
 * rung up to it, times what the whole pipeline takes beside the sum of its parts.
 */
export function cpuPerVideoSecond(height: Height, ladderName: string = DEFAULT_LADDER): number {
  const ladder = ladderOf(ladderName);
  const whole = (MEASURED.pipeline[ladderName] ?? MEASURED.pipeline[DEFAULT_LADDER])?.perSecond ?? Number.NaN;
  const reference = MEASURED.pipeline[ladderName] ? ladder : ladderOf(DEFAULT_LADDER);
  return sumOfParts(height, ladder) * (whole / sumOfParts("1080", reference));
}

function sumOfParts(height: Height, ladder: Ladder): number {
  const decode = height === "2160" ? MEASURED.decode["2160"] : MEASURED.decode["1080"] * (Number(height) / 1080) ** 2;
  const rungs = ladder.codecs.flatMap(({ codec, preset, crf }) =>
    Object.entries(MEASURED.rungs[`${codec} ${preset} crf ${crf}`] ?? {}).filter(([shortSide]) => Number(shortSide) <= Number(height)),
  );
  return decode + MEASURED.audio + rungs.reduce((sum, [, cost]) => sum + cost, 0);
}

/** What a slot of this machine does of the measured machine's work in a second. */
export function slotSpeed({ vcpus, cpuFactor }: Machine, slots: number): number {
  return (vcpus / slots) * cpuFactor * efficiency(vcpus / slots);
}

/** One thread wastes nothing; four of one ffmpeg are measured as less, and so are those between. */
const efficiency = (threads: number): number => 1 - ((1 - ASSUMPTIONS.parallelEfficiency) * (Math.min(Math.max(threads, 1), 4) - 1)) / 3;

/** Draws uploads of a mix as work for a slot of this machine. */
export function drawWorkOf(mix: MixName, machine: Machine, slots: number): DrawWork {
  const speed = slotSpeed(machine, slots);
  const perJob = MEASURED.pipeline[DEFAULT_LADDER]?.perJob ?? Number.NaN;
  // What a job costs whatever its length is done by one thread after the other.
  const overheadSeconds = ASSUMPTIONS.requestSeconds + perJob / machine.cpuFactor;
  const chooseLength = weightedChoice(new Map(LENGTH_NAMES.map((name) => [LENGTHS[name], MIXES[mix][name]])));
  const chooseCost = weightedChoice(new Map(HEIGHTS.map((height) => [cpuPerVideoSecond(height) / speed, HEIGHT_WEIGHTS[height]])));
  return (random) => {
    const length = chooseLength(random);
    const videoSeconds = Math.min(logNormal(random, length), length.atMost);
    const perSecond = chooseCost(random);
    return {
      overheadSeconds,
      encodeSeconds: videoSeconds * perSecond,
      chunkSeconds: ASSUMPTIONS.chunkVideoSeconds * perSecond,
      videoSeconds,
    };
  };
}

/** Dollars for an hour of video on a machine that is never idle, with a slot of four cores. */
export function usdPerVideoHour(machine: Machine, market: Market, of: { readonly height: Height; readonly ladder: string }): number {
  const instanceHours = cpuPerVideoSecond(of.height, of.ladder) / slotSpeed(machine, 1);
  return instanceHours * machine.usdPerHour[market];
}
