import { Duration } from "aws-cdk-lib";
import type * as autoscaling from "aws-cdk-lib/aws-autoscaling";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type * as sqs from "aws-cdk-lib/aws-sqs";

import type { FleetPolicy } from "./fleet-policy.ts";
import { inService, ofWorkers, onGroup, onQueue } from "./metrics.ts";
import type { Settings } from "./settings.ts";

/** What the alarms look at. */
export interface Watched {
  readonly settings: Settings["alarms"];
  readonly policy: FleetPolicy;
  readonly namespace: string;
  readonly jobs: sqs.IQueue;
  readonly deadLetters: readonly sqs.IQueue[];
  readonly group: autoscaling.IAutoScalingGroup;
}

/** One alarm: it goes off when the value has been on the wrong side for so many minutes. */
export interface AlarmRule {
  readonly id: string;
  /** What it means and what to do, as the mail says it. */
  readonly says: string;
  readonly metric: cloudwatch.Metric | cloudwatch.MathExpression;
  readonly above?: number;
  readonly below?: number;
  readonly minutes: number;
  readonly isRollback?: boolean;
}

/** SQS refuses receives beyond 120,000 messages in flight. */
const MOST_IN_FLIGHT = 100_000;
/** A gibibyte is where the worker stops receiving (disk.minimumFreeBytes). */
const LEAST_FREE_BYTES = 2 ** 31;
const INTERRUPTION_STORM = 20;
const LEASES_LOST = 3;

const math = (expression: string, usingMetrics: Record<string, cloudwatch.IMetric>, minutes: number): cloudwatch.MathExpression =>
  new cloudwatch.MathExpression({ expression, usingMetrics, period: Duration.minutes(minutes) });

const over = (metric: cloudwatch.Metric, minutes: number): cloudwatch.Metric => metric.with({ period: Duration.minutes(minutes) });

/** The alarms of RELIABILITY.md R-O4, as data. */
export function alarmRules(watched: Watched): readonly AlarmRule[] {
  return [...queueRules(watched), ...fleetRules(watched), ...workerRules(watched)];
}

function queueRules({ settings, jobs, deadLetters, namespace }: Watched): readonly AlarmRule[] {
  return [
    {
      id: "OldestMessage",
      says: "The oldest upload waits for longer than promised: too few workers, or none that work.",
      metric: onQueue(jobs, "ApproximateAgeOfOldestMessage", "Maximum"),
      above: settings.oldestMessageSeconds,
      minutes: 5,
    },
    {
      // SQS leaves a message that was received three times out of its own metric.
      id: "MessageAge",
      says: "Workers receive messages that are older than promised, which the queue's own metric does not show.",
      metric: ofWorkers(namespace, "MessageAge", "Maximum"),
      above: settings.oldestMessageSeconds,
      minutes: 5,
    },
    ...deadLetters.map((queue, index) => ({
      id: index === 0 ? "DeadJobs" : "DeadEvents",
      says: "Messages were given up: ladderd redrive lists them by what they failed of.",
      metric: onQueue(queue, "ApproximateNumberOfMessagesVisible", "Maximum"),
      above: 0,
      minutes: 1,
    })),
    {
      id: "InFlight",
      says: "So many messages are in flight that SQS is about to refuse receives: messages are received and never settled.",
      metric: onQueue(jobs, "ApproximateNumberOfMessagesNotVisible", "Maximum"),
      above: MOST_IN_FLIGHT,
      minutes: 5,
    },
  ];
}

function fleetRules({ settings, policy, namespace, jobs, group }: Watched): readonly AlarmRule[] {
  const visible = onQueue(jobs, "ApproximateNumberOfMessagesVisible", "Maximum");
  const instances = inService(group);
  return [
    {
      id: "NothingPublished",
      says: "Uploads wait and nothing is published: all of them fail, or no worker starts.",
      // Without a worker there is no datapoint at all.
      metric: math(
        "IF(visible > 0, IF(FILL(published, 0) > 0, 0, 1), 0)",
        { visible: over(visible, 5), published: over(ofWorkers(namespace, "SettledPublished", "Sum"), 5) },
        5,
      ),
      above: 0,
      minutes: settings.noPublishMinutes,
    },
    {
      id: "Backlog",
      says: "The group has all instances it may have, and the backlog of each stays far above its target: raise maximumInstances.",
      metric: math("IF(instances > 0, visible / instances, 0)", { visible, instances }, 1),
      above: policy.backlogPerInstance * 4,
      minutes: 60,
    },
    {
      id: "CapacityShort",
      says: "Instances that the group wants do not come into service: no Spot capacity, a quota, or instances that cannot be prepared.",
      metric: math("desired - instances", { desired: onGroup(group, "GroupDesiredCapacity"), instances }, 1),
      above: 0,
      minutes: 30,
    },
    {
      id: "WorkersSilent",
      says: "Instances are in service whose workers do not report: the worker does not start, or hangs.",
      metric: math(
        `IF(instances * ${policy.slotsPerInstance} > FILL(slots, 0), 1, 0)`,
        { instances, slots: ofWorkers(namespace, "Slots", "Sum") },
        1,
      ),
      above: 0,
      minutes: 15,
    },
    {
      id: "Interruptions",
      says: "Spot takes many instances away at once: work is given back and done again; raise the On-Demand share for a while.",
      metric: over(ofWorkers(namespace, "Interruptions", "Sum"), 15),
      above: INTERRUPTION_STORM,
      minutes: 15,
    },
  ];
}

function workerRules({ namespace }: Watched): readonly AlarmRule[] {
  return [
    {
      id: "LeasesLost",
      says: "Workers lose the lease of their jobs: SQS cannot be reached, or event loops stand still.",
      metric: over(ofWorkers(namespace, "LeasesLost", "Sum"), 15),
      above: LEASES_LOST,
      minutes: 15,
      isRollback: true,
    },
    {
      id: "VerificationFailures",
      says: "Output was refused before its publish: ffmpeg, the packager or the storage does not do what it says.",
      metric: over(ofWorkers(namespace, "VerificationFailures", "Sum"), 5),
      above: 0,
      minutes: 5,
      isRollback: true,
    },
    {
      id: "IntakeHeld",
      says: "A worker has paused its intake, since every job fails of the same cause: a policy, an installation (docs/runbook.md).",
      metric: ofWorkers(namespace, "IntakeHeld", "Maximum"),
      above: 0,
      minutes: 3,
      isRollback: true,
    },
    {
      id: "Disk",
      says: "A work volume is nearly full: a larger workVolume, or fewer slots.",
      metric: ofWorkers(namespace, "DiskFree", "Minimum"),
      below: LEAST_FREE_BYTES,
      minutes: 5,
    },
  ];
}
