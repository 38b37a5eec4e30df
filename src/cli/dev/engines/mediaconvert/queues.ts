import type { MediaConvertJob } from "./job.ts";
import { ACCOUNT } from "./job.ts";

/** An on-demand queue. */
export interface MediaConvertQueue {
  readonly name: string;
  readonly arn: string;
  readonly concurrentJobs: number;
  /** Told, no more: the switch `stall` holds the jobs of a paused queue. */
  status: "ACTIVE" | "PAUSED";
}

/** A queue of the fake's account. */
export const newQueue = (name: string, { region, concurrentJobs }: { region: string; concurrentJobs: number }): MediaConvertQueue => ({
  name,
  arn: `arn:aws:mediaconvert:${region}:${ACCOUNT}:queues/${name}`,
  concurrentJobs,
  status: "ACTIVE",
});

/** The Queue shape of the API. */
export function queueOnTheWire(queue: MediaConvertQueue, jobs: Iterable<MediaConvertJob>): Readonly<Record<string, unknown>> {
  const { name, arn, concurrentJobs, status } = queue;
  const own = [...jobs].filter(({ queueArn }) => queueArn === arn);
  return {
    ...{ name, arn, concurrentJobs, status },
    pricingPlan: "ON_DEMAND",
    type: name === "Default" ? "SYSTEM" : "CUSTOM",
    progressingJobsCount: own.filter(({ status: state }) => state === "PROGRESSING").length,
    submittedJobsCount: own.filter(({ status: state }) => state === "SUBMITTED").length,
  };
}
