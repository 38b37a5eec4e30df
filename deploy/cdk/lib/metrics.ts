import { Duration } from "aws-cdk-lib";
import type * as autoscaling from "aws-cdk-lib/aws-autoscaling";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type * as sqs from "aws-cdk-lib/aws-sqs";

/** A metric of a queue, by the minute. */
export const onQueue = (queue: sqs.IQueue, metricName: string, statistic: "Maximum" | "Sum"): cloudwatch.Metric =>
  new cloudwatch.Metric({
    namespace: "AWS/SQS",
    metricName,
    dimensionsMap: { QueueName: queue.queueName },
    statistic,
    period: Duration.minutes(1),
  });

/** A metric of the group, by the minute. */
export const onGroup = (group: autoscaling.IAutoScalingGroup, metricName: string): cloudwatch.Metric =>
  new cloudwatch.Metric({
    namespace: "AWS/AutoScaling",
    metricName,
    dimensionsMap: { AutoScalingGroupName: group.autoScalingGroupName },
    statistic: "Average",
    period: Duration.minutes(1),
  });

/** How many instances take jobs. */
export const inService = (group: autoscaling.IAutoScalingGroup): cloudwatch.Metric => onGroup(group, "GroupInServiceInstances");

/** What the workers of a deployment count, all of them together (src/telemetry/emf-metrics.ts). */
export const ofWorkers = (namespace: string, metricName: string, statistic: string): cloudwatch.Metric =>
  new cloudwatch.Metric({ namespace, metricName, statistic, period: Duration.minutes(1) });
