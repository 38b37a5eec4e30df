import { describe, expect, it } from "vitest";

import { SCHEMA_KEYS } from "../../../src/config/environment.ts";
import { defaults, everything, policy, templatesOf, theResource } from "./templates.ts";

const standard = templatesOf(defaults)("fleet");
const full = templatesOf(everything)("fleet");
const group = theResource(standard, "AWS::AutoScaling::AutoScalingGroup", "Workers").Properties;

describe("the group", () => {
  it("takes its size, its types and its share of Spot from deploy/fleet/policy.json", () => {
    expect(group).toMatchObject({
      MinSize: String(policy.minimumInstances),
      MaxSize: String(policy.maximumInstances),
      MixedInstancesPolicy: {
        InstancesDistribution: {
          OnDemandBaseCapacity: policy.onDemandBaseInstances,
          OnDemandPercentageAboveBaseCapacity: policy.onDemandPercentAboveBase,
          SpotAllocationStrategy: "price-capacity-optimized",
        },
        LaunchTemplate: { Overrides: policy.instanceTypes.arm64.map((InstanceType) => ({ InstanceType })) },
      },
      DefaultInstanceWarmup: policy.warmUpSeconds,
    });
    expect(group).not.toHaveProperty("DesiredCapacity");
  });

  it("takes other types where the settings name them", () => {
    expect(theResource(full, "AWS::AutoScaling::AutoScalingGroup", "Workers").Properties).toMatchObject({
      MixedInstancesPolicy: { LaunchTemplate: { Overrides: everything.instances.types?.map((InstanceType) => ({ InstanceType })) } },
    });
  });

  it("replaces Spot instances before they go, and old ones every month", () => {
    expect(group).toMatchObject({ CapacityRebalance: true, MaxInstanceLifetime: 30 * 86_400 });
  });

  it("lets a worker drain before any end, for longer than its drain takes between two heartbeats", () => {
    const { Properties } = theResource(standard, "AWS::AutoScaling::LifecycleHook", "Drain");
    expect(Properties).toMatchObject({ LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING", DefaultResult: "CONTINUE" });
    const killTimeout = SCHEMA_KEYS.find(({ key }) => key === "killTimeoutSeconds")?.fallback;
    expect(Number(Properties["HeartbeatTimeout"])).toBeGreaterThan(Number(killTimeout));
  });
});

describe("scaling", () => {
  const tracking = theResource(standard, "AWS::AutoScaling::ScalingPolicy", "Backlog").Properties;
  const start = theResource(standard, "AWS::AutoScaling::ScalingPolicy", "FromZero");

  it("keeps the backlog of an instance at the policy's target, by metric math", () => {
    expect(tracking).toMatchObject({ PolicyType: "TargetTrackingScaling", EstimatedInstanceWarmup: policy.warmUpSeconds });
    const { TargetValue, CustomizedMetricSpecification } = Object(tracking["TargetTrackingConfiguration"]);
    expect(TargetValue).toBe(policy.backlogPerInstance);
    const { Metrics } = CustomizedMetricSpecification;
    expect(Metrics.find(({ ReturnData }: { ReturnData: boolean }) => ReturnData).Expression).toBe(
      policy.backlogCounts === "visible" ? "(visible) / instances" : "(visible + inFlight) / instances",
    );
    expect(Metrics.map(({ MetricStat }: { MetricStat?: { Metric: { MetricName: string } } }) => MetricStat?.Metric.MetricName)).toEqual(
      expect.arrayContaining(["ApproximateNumberOfMessagesVisible", "GroupInServiceInstances"]),
    );
  });

  it("may scale in to nothing, and comes back from it by an alarm on waiting messages", () => {
    expect(Object(tracking["TargetTrackingConfiguration"])).not.toHaveProperty("DisableScaleIn");
    const alarm = theResource(standard, "AWS::CloudWatch::Alarm", "WaitingForTheFirst").Properties;
    expect(alarm).toMatchObject({ EvaluationPeriods: 1, TreatMissingData: "notBreaching", AlarmActions: [`<${start.id}.Arn>`] });
    expect(alarm["Threshold"]).toBe(Math.min(...policy.fromZero.map(({ backlog }) => backlog)));
    expect(JSON.stringify(alarm["Metrics"])).toContain("IF(instances < 1, visible, 0)");
  });

  it("starts as many at once as the policy says for so many messages", () => {
    const lowest = Math.min(...policy.fromZero.map(({ backlog }) => backlog));
    const { StepAdjustments, AdjustmentType } = Object(start.Properties);
    expect(AdjustmentType).toBe("ExactCapacity");
    expect(
      StepAdjustments.map(({ MetricIntervalLowerBound, ScalingAdjustment }: Record<string, number>) => ({
        backlog: Number(MetricIntervalLowerBound) + lowest,
        instances: ScalingAdjustment,
      })),
    ).toEqual(policy.fromZero);
    expect(StepAdjustments.at(-1)).not.toHaveProperty("MetricIntervalUpperBound");
  });

  it("touches an idle queue every hour, since SQS stops the metrics of one that nobody touched for six", () => {
    expect(theResource(standard, "AWS::Scheduler::Schedule", "Awake").Properties).toMatchObject({
      ScheduleExpression: "rate(1 hour)",
      Target: { Arn: "arn:aws:scheduler:::aws-sdk:sqs:tagQueue" },
    });
  });
});
