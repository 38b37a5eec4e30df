import { readFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { machineOf } from "../../../bench/fleet/service.ts";
import type { FleetPolicy } from "./fleet-policy.ts";
import { loadFleetPolicy } from "./fleet-policy.ts";
import { DEFAULT_VOLUME } from "./settings.ts";

const price = z.number().nonnegative();

const prices = z.strictObject({
  region: z.string(),
  asOf: z.string().regex(/^\d{4}-\d{2}$/),
  note: z.string(),
  ebs: z.strictObject({ gp3PerGiBMonth: price, throughputPerMiBsMonth: price, freeThroughputMiBs: price }),
  network: z.strictObject({ publicIpv4PerHour: price }),
  s3: z.strictObject({ standardPerGBMonth: price, putPerThousand: price, getPerThousand: price }),
  cloudFront: z.strictObject({ perGB: price, requestsPerTenThousand: price }),
  sqs: z.strictObject({ perMillion: price }),
  cloudWatch: z.strictObject({ alarmMetricPerMonth: price, metricPerMonth: price, dashboardPerMonth: price, logsPerGB: price }),
  pipeline: z.strictObject({ actionMinute: price, buildMinute: price }),
  assumptions: z.strictObject({
    instanceHoursPerVideoHour: price,
    busyShare: z.number().positive().max(1),
    sourceGBPerVideoHour: price,
    publishedGBPerVideoHour: price,
    objectsPerVideoHour: price,
    watchedHoursPerVideoHour: price,
    watchedGBPerHour: price,
    requestsPerWatchedHour: price,
    logMBPerVideoHour: price,
    deploysPerMonth: price,
    minutesPerBuild: price,
    workerMetrics: price,
    alarmMetrics: price,
  }),
  loads: z.array(z.strictObject({ uploadsPerMonth: price, minutesEach: price })).min(1),
});

/** What deploy/cdk/prices.json says: list prices of one region and date, and what is assumed of videos and viewers. */
export type Prices = z.infer<typeof prices>;

/** Reads prices.json; throws a ZodError that names what is wrong. */
export const loadPrices = (): Prices => prices.parse(JSON.parse(readFileSync(join(import.meta.dirname, "../prices.json"), "utf8")));

interface Model {
  readonly prices: Prices;
  readonly policy: FleetPolicy;
  readonly usdPerHour: { readonly "on-demand": number; readonly spot: number };
  readonly volume: { readonly sizeGiB: number; readonly throughputMiBs: number };
}

/** Dollars of a month by what they are for. */
export interface MonthlyCost {
  readonly load: Prices["loads"][number];
  readonly videoHours: number;
  readonly instanceHours: number;
  /** Instances with their volumes and addresses. */
  readonly encoding: number;
  /** Requests to S3 and SQS, and the log. */
  readonly requests: number;
  /** A month's uploads and what is published of them, for one month. */
  readonly storage: number;
  /** Alarms, metrics, the dashboard, builds: whatever the load. */
  readonly standing: number;
  readonly delivery: number;
}

/** The model of docs/aws.md: the policy's first Graviton type, in the default network. */
export function defaultModel(): Model {
  const policy = loadFleetPolicy();
  const { usdPerHour } = machineOf(policy.instanceTypes.arm64[0] ?? "");
  return { prices: loadPrices(), policy, usdPerHour, volume: DEFAULT_VOLUME };
}

const HOURS_A_MONTH = 730;
/** Polls of an idle slot: three a minute, as long as an instance is there. */
const POLLS_PER_HOUR = 180;

/** What a month of a load costs by list prices, in the default network, without copies, backup and web ACL. Pure. */
export function estimate(load: Prices["loads"][number], { prices: list, policy, usdPerHour, volume }: Model): MonthlyCost {
  const { assumptions: assumed, s3, sqs, cloudWatch, cloudFront } = list;
  const videoHours = (load.uploadsPerMonth * load.minutesEach) / 60;
  const instanceHours = (videoHours * assumed.instanceHoursPerVideoHour) / assumed.busyShare;
  const onDemandHours = onDemandOf(instanceHours, policy);
  const puts = (videoHours * assumed.objectsPerVideoHour) / 1000;
  const watched = videoHours * assumed.watchedHoursPerVideoHour;
  const perWatchedHour =
    assumed.watchedGBPerHour * cloudFront.perGB + (assumed.requestsPerWatchedHour / 10_000) * cloudFront.requestsPerTenThousand;
  return {
    load,
    videoHours,
    instanceHours,
    encoding:
      onDemandHours * usdPerHour["on-demand"] +
      (instanceHours - onDemandHours) * usdPerHour.spot +
      instanceHours * besideMachine(list, volume),
    // Each published object is written once and looked at once before the pointer moves.
    requests:
      puts * (s3.putPerThousand + s3.getPerThousand) +
      ((instanceHours * POLLS_PER_HOUR) / 1e6) * sqs.perMillion +
      ((videoHours * assumed.logMBPerVideoHour) / 1000) * cloudWatch.logsPerGB,
    storage: videoHours * (assumed.sourceGBPerVideoHour + assumed.publishedGBPerVideoHour) * s3.standardPerGBMonth,
    standing: standingOf(list),
    delivery: watched * perWatchedHour,
  };
}

/** The first instances are On-Demand for as long as there are any, and a share of the others. */
function onDemandOf(instanceHours: number, { onDemandBaseInstances, onDemandPercentAboveBase }: FleetPolicy): number {
  const base = Math.min(instanceHours, onDemandBaseInstances * HOURS_A_MONTH);
  return base + ((instanceHours - base) * onDemandPercentAboveBase) / 100;
}

/** Dollars an hour for the work volume and the public address of an instance. */
function besideMachine({ ebs, network }: Prices, { sizeGiB, throughputMiBs }: Model["volume"]): number {
  const throughput = Math.max(0, throughputMiBs - ebs.freeThroughputMiBs) * ebs.throughputPerMiBsMonth;
  return (sizeGiB * ebs.gp3PerGiBMonth + throughput) / HOURS_A_MONTH + network.publicIpv4PerHour;
}

function standingOf({ cloudWatch, pipeline, assumptions: assumed }: Prices): number {
  const watching =
    assumed.alarmMetrics * cloudWatch.alarmMetricPerMonth +
    assumed.workerMetrics * cloudWatch.metricPerMonth +
    cloudWatch.dashboardPerMonth;
  return watching + assumed.deploysPerMonth * assumed.minutesPerBuild * (pipeline.buildMinute + pipeline.actionMinute);
}

const dollars = (amount: number): string => (amount < 100 ? `$${amount.toFixed(2)}` : `$${Math.round(amount).toLocaleString("en-US")}`);
const whole = (amount: number): string => Math.round(amount).toLocaleString("en-US");

/** The table of docs/aws.md, a row a load. */
export function costTable(model: Model): readonly (readonly string[])[] {
  const rows = model.prices.loads.map((load) => estimate(load, model));
  return [
    [
      "uploads a month",
      "hours of video",
      "instance hours",
      "encoding",
      "requests, logs",
      "storage",
      "standing",
      "delivery",
      "an hour of video, published",
    ],
    ...rows.map((row) => [
      row.load.uploadsPerMonth === 0 ? "none" : `${whole(row.load.uploadsPerMonth)} of ${row.load.minutesEach} min`,
      whole(row.videoHours),
      whole(row.instanceHours),
      dollars(row.encoding),
      dollars(row.requests),
      dollars(row.storage),
      dollars(row.standing),
      dollars(row.delivery),
      row.videoHours === 0 ? "–" : dollars((row.encoding + row.requests + row.standing) / row.videoHours),
    ]),
  ];
}
