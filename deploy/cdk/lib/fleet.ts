import { Duration } from "aws-cdk-lib";
import * as autoscaling from "aws-cdk-lib/aws-autoscaling";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import type { Construct } from "constructs";

import { acknowledge } from "./acknowledge.ts";
import type { FleetPolicy } from "./fleet-policy.ts";
import type { Network } from "./network.ts";
import type { Settings } from "./settings.ts";

interface FleetProps {
  readonly settings: Settings;
  readonly policy: FleetPolicy;
  readonly groupName: string;
  readonly network: Network;
  readonly launchTemplate: ec2.LaunchTemplate;
}

/** From the boot to the agents; CodeDeploy's own hook holds an instance back until its release is in place. */
const GRACE_SECONDS = 300;
/** The worker renews it while it drains; when it has died without a word the instance goes this much later. */
const HOOK_SECONDS = 900;

/** Creates the group of workers: several types, On-Demand and Spot as the policy says, drained by the worker before any end. */
export function createFleet(
  scope: Construct,
  { settings, policy, groupName, network, launchTemplate }: FleetProps,
): autoscaling.AutoScalingGroup {
  const { architecture, types, maximumAgeDays } = settings.instances;
  const group = new autoscaling.AutoScalingGroup(scope, "Workers", {
    autoScalingGroupName: groupName,
    vpc: network.vpc,
    vpcSubnets: network.subnets,
    minCapacity: policy.minimumInstances,
    maxCapacity: policy.maximumInstances,
    mixedInstancesPolicy: {
      launchTemplate,
      launchTemplateOverrides: (types ?? policy.instanceTypes[architecture]).map((type) => ({ instanceType: new ec2.InstanceType(type) })),
      instancesDistribution: {
        onDemandBaseCapacity: policy.onDemandBaseInstances,
        onDemandPercentageAboveBaseCapacity: policy.onDemandPercentAboveBase,
        onDemandAllocationStrategy: autoscaling.OnDemandAllocationStrategy.LOWEST_PRICE,
        spotAllocationStrategy: autoscaling.SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED,
      },
    },
    // The replacement starts at the rebalance recommendation, while the old instance finishes its job.
    capacityRebalance: true,
    defaultInstanceWarmup: Duration.seconds(policy.warmUpSeconds),
    cooldown: Duration.seconds(policy.warmUpSeconds),
    healthChecks: autoscaling.HealthChecks.ec2({ gracePeriod: Duration.seconds(GRACE_SECONDS) }),
    terminationPolicies: [autoscaling.TerminationPolicy.ALLOCATION_STRATEGY, autoscaling.TerminationPolicy.OLDEST_LAUNCH_TEMPLATE],
    // So that images do not grow old in a fleet that is never empty.
    maxInstanceLifetime: Duration.days(maximumAgeDays),
    groupMetrics: [autoscaling.GroupMetrics.all()],
  });
  new autoscaling.CfnLifecycleHook(scope, "Drain", {
    autoScalingGroupName: group.autoScalingGroupName,
    lifecycleHookName: "drain",
    lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
    heartbeatTimeout: HOOK_SECONDS,
    defaultResult: "CONTINUE",
  });
  acknowledge(group, "AwsSolutions-EC26", "The rule cannot read a mixed group; its launch template encrypts every volume.");
  acknowledge(group, "AwsSolutions-AS3", "A group that follows a queue scales all day; the alarms tell of what is wrong with it.");
  return group;
}
