import { Duration } from "aws-cdk-lib";
import * as autoscaling from "aws-cdk-lib/aws-autoscaling";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import * as scheduler from "aws-cdk-lib/aws-scheduler";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

import type { FleetPolicy } from "./fleet-policy.ts";
import { createRole } from "./grants.ts";
import { inService, onQueue } from "./metrics.ts";

interface ScalingProps {
  readonly policy: FleetPolicy;
  readonly group: autoscaling.AutoScalingGroup;
  readonly queue: sqs.Queue;
}

/** Scales the group with the queue: target tracking on the backlog of an instance, and an alarm that starts the first ones. */
export function scaleWithBacklog(scope: Construct, props: ScalingProps): void {
  trackBacklog(scope, props);
  startFromZero(scope, props);
  if (props.policy.minimumInstances === 0) keepAwake(scope, props.queue);
}

const VISIBLE = "ApproximateNumberOfMessagesVisible";
const IN_FLIGHT = "ApproximateNumberOfMessagesNotVisible";

/**
 * The backlog of an instance by metric math. With no instance in service it divides by zero and has no value, which moves
 * nothing; with nothing to do it is 0, which takes the last instance, too.
 */
function trackBacklog(scope: Construct, { policy, group, queue }: ScalingProps): void {
  const stat = (
    id: string,
    metric: autoscaling.CfnScalingPolicy.MetricProperty,
  ): autoscaling.CfnScalingPolicy.TargetTrackingMetricDataQueryProperty => ({
    id,
    metricStat: { metric, stat: "Average" },
    returnData: false,
  });
  const ofQueue = (metricName: string): autoscaling.CfnScalingPolicy.MetricProperty => ({
    namespace: "AWS/SQS",
    metricName,
    dimensions: [{ name: "QueueName", value: queue.queueName }],
  });
  const inFlight = policy.backlogCounts === "visible" ? [] : [stat("inFlight", ofQueue(IN_FLIGHT))];
  new autoscaling.CfnScalingPolicy(scope, "Backlog", {
    autoScalingGroupName: group.autoScalingGroupName,
    policyType: "TargetTrackingScaling",
    estimatedInstanceWarmup: policy.warmUpSeconds,
    targetTrackingConfiguration: {
      targetValue: policy.backlogPerInstance,
      customizedMetricSpecification: {
        metrics: [
          stat("visible", ofQueue(VISIBLE)),
          ...inFlight,
          stat("instances", {
            namespace: "AWS/AutoScaling",
            metricName: "GroupInServiceInstances",
            dimensions: [{ name: "AutoScalingGroupName", value: group.autoScalingGroupName }],
          }),
          {
            id: "backlog",
            label: "Backlog of an instance",
            expression: `(visible${inFlight.length > 0 ? " + inFlight" : ""}) / instances`,
            returnData: true,
          },
        ],
      },
    },
  });
}

/** Messages wait and no instance is in service: as many as the policy says for so many messages. */
function startFromZero(scope: Construct, { policy, group, queue }: ScalingProps): void {
  const steps = policy.fromZero.toSorted((one, other) => one.backlog - other.backlog);
  const lowest = steps[0]?.backlog ?? 1;
  const start = new autoscaling.CfnScalingPolicy(scope, "FromZero", {
    autoScalingGroupName: group.autoScalingGroupName,
    policyType: "StepScaling",
    adjustmentType: "ExactCapacity",
    metricAggregationType: "Maximum",
    estimatedInstanceWarmup: policy.warmUpSeconds,
    // Bounds count from the alarm's threshold.
    stepAdjustments: steps.map(({ backlog, instances }, index) => {
      const next = steps[index + 1]?.backlog;
      return {
        metricIntervalLowerBound: backlog - lowest,
        ...(next === undefined ? {} : { metricIntervalUpperBound: next - lowest }),
        scalingAdjustment: Math.min(instances, policy.maximumInstances),
      };
    }),
  });
  const alarm = new cloudwatch.Alarm(scope, "WaitingForTheFirst", {
    alarmDescription: "Messages wait and no instance is in service: starts the first ones. No fault.",
    metric: new cloudwatch.MathExpression({
      expression: "IF(instances < 1, visible, 0)",
      label: "Messages that wait for a first instance",
      usingMetrics: { visible: onQueue(queue, VISIBLE, "Maximum"), instances: inService(group) },
      period: Duration.minutes(1),
    }),
    threshold: lowest,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
  alarm.addAlarmAction({ bind: () => ({ alarmActionArn: start.attrArn }) });
}

/**
 * A queue that nobody touched for six hours is inactive: its metrics stop, and come back up to 15 minutes after the first
 * message. With workers their polls touch it; without any a schedule sets a tag that it has already.
 */
function keepAwake(scope: Construct, queue: sqs.Queue): void {
  const role = createRole(scope, "AwakeRole", {
    description: "Sets one tag on the job queue of ladderd, every hour",
    service: "scheduler.amazonaws.com",
    grants: { tag: [{ actions: ["sqs:TagQueue"], resources: [queue.queueArn] }] },
  });
  new scheduler.CfnSchedule(scope, "Awake", {
    description: "Keeps the job queue's metrics coming while no worker runs",
    scheduleExpression: "rate(1 hour)",
    flexibleTimeWindow: { mode: "FLEXIBLE", maximumWindowInMinutes: 15 },
    target: {
      arn: "arn:aws:scheduler:::aws-sdk:sqs:tagQueue",
      roleArn: role.roleArn,
      input: JSON.stringify({ QueueUrl: queue.queueUrl, Tags: { "ladderd:awake": "hourly" } }),
    },
  });
}
