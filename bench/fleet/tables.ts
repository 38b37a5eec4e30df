import { loadLadders } from "../../src/config/ladders.ts";
import type { MixName } from "./assumptions.ts";
import { ASSUMPTIONS, HEIGHT_WEIGHTS, LENGTHS, MIXES, SCENARIOS } from "./assumptions.ts";
import type { Policy } from "./policy.ts";
import { busyInstances, meanSeconds } from "./capacity.ts";
import { duration, percent } from "./report.ts";
import { runScenario } from "./run-scenario.ts";
import { DEFAULT_LADDER, HEIGHTS, MEASURED, PRICES, averageMachine, cpuPerVideoSecond, machineOf, usdPerVideoHour } from "./service.ts";

type Rows = readonly (readonly string[])[];

/** Processor seconds for a second of 30 fps, by rung: what bench:rungs measured. */
export function rungRows(): Rows {
  const sides = ["240", "360", "480", "720", "1080", "1440", "2160"];
  const rows = Object.entries(MEASURED.rungs).map(([name, costs]) => [name, ...sides.map((side) => costs[side]?.toFixed(2) ?? "–")]);
  return [["encoder", ...sides.map((side) => `${side}p`)], ...rows];
}

/** Processor seconds for a second of a source, and dollars for an hour of it on the policy's Graviton types, by ladder. */
export function ladderRows(policy: Policy): Rows {
  const machine = averageMachine(policy.instanceTypes.arm64);
  const rows = [...loadLadders().keys()].map((ladder) => [
    `\`${ladder}\``,
    ...HEIGHTS.map((height) => cpuPerVideoSecond(height, ladder).toFixed(1)),
    `$${usdPerVideoHour(machine, "on-demand", { height: "1080", ladder }).toFixed(3)}`,
    `$${usdPerVideoHour(machine, "spot", { height: "1080", ladder }).toFixed(3)}`,
  ]);
  return [["ladder", ...HEIGHTS.map((height) => `${height}p source`), "an hour of 1080p, On-Demand", "Spot"], ...rows];
}

/** What an hour of 1080p costs on each type of the policy. */
export function instanceRows({ instanceTypes }: Policy): Rows {
  const of = { height: "1080", ladder: DEFAULT_LADDER } as const;
  const rows = [...instanceTypes.arm64, ...instanceTypes.x86_64].map((type) => {
    const machine = machineOf(type);
    const cells = [String(machine.cpuFactor), `$${machine.usdPerHour["on-demand"].toFixed(4)}`, `$${machine.usdPerHour.spot.toFixed(4)}`];
    return [
      `\`${type}\``,
      ...cells,
      `$${usdPerVideoHour(machine, "on-demand", of).toFixed(3)}`,
      `$${usdPerVideoHour(machine, "spot", of).toFixed(3)}`,
    ];
  });
  return [["type", "speed of a vCPU", "On-Demand an hour", "Spot an hour", "an hour of video, On-Demand", "Spot"], ...rows];
}

/** The day of `diurnal` under more and more interruptions, with and without resume. */
export function interruptionRows(policy: Policy, seed: number): Rows {
  const rows = [0, 0.001, 0.01, 0.1, 1].flatMap((interruptionsPerInstanceHour) =>
    [true, false].map((resumes) => {
      const run = runScenario({ scenario: SCENARIOS.diurnal, policy, seed, changes: { interruptionsPerInstanceHour, resumes } });
      const figures = [
        String(run.totals.interruptions),
        percent(run.wastedShare, 2),
        duration(run.publish.p99),
        `$${run.costUsd.toFixed(2)}`,
      ];
      return [String(interruptionsPerInstanceHour), resumes ? "yes" : "no", ...figures];
    }),
  );
  return [["interruptions an instance hour", "resume", "interruptions", "wasted", "publish p99", "cost"], ...rows];
}

/** Instances that are busy at a peak, by uploads an hour: the mean work of an upload times the rate. */
export function capacityRows(policy: Policy): Rows {
  const machine = averageMachine(policy.instanceTypes.arm64);
  const mixes: readonly MixName[] = ["short", "mixed", "long"];
  const rows = [10, 100, 1000, 10_000, 100_000].map((perHour) => {
    const cells = mixes.map((mix) => {
      const instances = busyInstances(perHour, mix, policy);
      return `${Math.ceil(instances).toLocaleString("en-US")} (${Math.ceil(instances * machine.vcpus).toLocaleString("en-US")} vCPUs)`;
    });
    return [perHour.toLocaleString("en-US"), ...cells];
  });
  const heads = mixes.map((mix) => `${mix}: ${Math.round(meanSeconds(mix, policy))} s an upload`);
  return [["uploads an hour", ...heads], ...rows];
}

/** What is taken as given, from the numbers that the simulation counts with. */
export function assumptionRows(): Rows {
  const { parallelEfficiency, bootSeconds, metricDelaySeconds, interruptionsPerInstanceHour, withoutNoticeShare } = ASSUMPTIONS;
  const sizes = HEIGHTS.map((height) => `${percent(HEIGHT_WEIGHTS[height])} ${height}p`).join(", ");
  const length = ({ median, mean }: { readonly median: number; readonly mean: number }): string =>
    `median ${duration(median)}, mean ${duration(mean)}`;
  return [
    ["what", "taken as"],
    [
      "the measured machine",
      `${MEASURED.machine.cpu}, ${MEASURED.machine.cores} cores, with other work on it: the least of several rounds counts`,
    ],
    [
      "a vCPU of an instance type",
      "the factor of the table below beside one of the measured machine; `npm run bench:rungs` on an instance measures it",
    ],
    ["prices", `On-Demand of ${PRICES.region} in ${PRICES.asOf}; Spot at ${percent(PRICES.spotShareOfOnDemand)} of it`],
    ["4 vCPUs with one ffmpeg", `${percent(parallelEfficiency)} of four vCPUs with an ffmpeg each`],
    ["requests and transfers of a job", `${ASSUMPTIONS.requestSeconds} s, beside its processor time`],
    ["from launch to first receive", `${bootSeconds} s, with everything in the image; an installation at boot takes minutes more`],
    [
      "lengths of sources",
      `log-normal; short: ${length(LENGTHS.short)}; long: ${length(LENGTHS.long)}; mixed: ${percent(MIXES.mixed.long)} long`,
    ],
    ["sizes of sources", sizes],
    [
      "Spot interruptions",
      `${interruptionsPerInstanceHour} an instance hour, thirty times the worst band of AWS's Spot Instance Advisor; ${percent(withoutNoticeShare)} without a notice`,
    ],
    ["an interrupted encode", `goes on at the last whole chunk of ${ASSUMPTIONS.chunkVideoSeconds} s of video`],
    [
      "SQS metrics",
      `each minute, ${metricDelaySeconds} s late; something uses the queue every few hours, or they stop after six and come back 15 min late; 120,000 messages in flight`,
    ],
    [
      "target tracking",
      "three minutes above the target to scale out, in proportion; fifteen below nine tenths of it to scale in, as AWS describes it",
    ],
    ["how fast it scales in", 'a tenth of the group a minute: AWS says "gradually", and no number'],
  ];
}

/** Where the prices are from. */
export const priceNote = (): string =>
  `Prices of ${PRICES.region}, ${PRICES.asOf}, from bench/fleet/prices.json: check them before you count on them.`;
