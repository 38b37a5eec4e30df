import { readFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import type { FleetPolicy } from "./fleet-policy.ts";

const price = z.number().nonnegative();

const prices = z.strictObject({
  region: z.string(),
  asOf: z.string().regex(/^\d{4}-\d{2}$/),
  note: z.string(),
  ec2: z.strictObject({ type: z.string(), onDemandPerHour: price, spotShareOfOnDemand: z.number().positive().max(1) }),
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
  readonly policy: Pick<FleetPolicy, "onDemandPercentAboveBase">;
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

const HOURS_A_MONTH = 730;
/** Polls of an idle slot: three a minute, as long as an instance is there. */
const POLLS_PER_HOUR = 180;

/** What a month of a load costs by list prices, in the default network, without copies, backup and web ACL. Pure. */
export function estimate(load: Prices["loads"][number], { prices: list, policy, volume }: Model): MonthlyCost {
  const { assumptions: assumed, s3, sqs, cloudWatch, cloudFront } = list;
  const videoHours = (load.uploadsPerMonth * load.minutesEach) / 60;
  const instanceHours = (videoHours * assumed.instanceHoursPerVideoHour) / assumed.busyShare;
  const puts = (videoHours * assumed.objectsPerVideoHour) / 1000;
  const watched = videoHours * assumed.watchedHoursPerVideoHour;
  return {
    load,
    videoHours,
    instanceHours,
    encoding: instanceHours * hourOf({ list, policy, volume }),
    // Each published object is written once and looked at once before the pointer moves.
    requests:
      puts * (s3.putPerThousand + s3.getPerThousand) +
      ((instanceHours * POLLS_PER_HOUR) / 1e6) * sqs.perMillion +
      ((videoHours * assumed.logMBPerVideoHour) / 1000) * cloudWatch.logsPerGB,
    storage: videoHours * (assumed.sourceGBPerVideoHour + assumed.publishedGBPerVideoHour) * s3.standardPerGBMonth,
    standing: standingOf(list),
    delivery:
      watched *
      (assumed.watchedGBPerHour * cloudFront.perGB + (assumed.requestsPerWatchedHour / 10_000) * cloudFront.requestsPerTenThousand),
  };
}

/** An instance for an hour: its share of Spot, its work volume, its public address. */
function hourOf({ list: { ec2, ebs, network }, policy, volume }: Omit<Model, "prices"> & { readonly list: Prices }): number {
  const onDemand = policy.onDemandPercentAboveBase / 100;
  const machine = ec2.onDemandPerHour * (onDemand + (1 - onDemand) * ec2.spotShareOfOnDemand);
  const throughput = Math.max(0, volume.throughputMiBs - ebs.freeThroughputMiBs) * ebs.throughputPerMiBsMonth;
  return machine + (volume.sizeGiB * ebs.gp3PerGiBMonth + throughput) / HOURS_A_MONTH + network.publicIpv4PerHour;
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
