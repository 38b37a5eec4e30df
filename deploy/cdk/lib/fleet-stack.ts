import { RemovalPolicy } from "aws-cdk-lib";
import type * as autoscaling from "aws-cdk-lib/aws-autoscaling";
import * as logs from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";

import type { Data } from "./data-stack.ts";
import { workerEnvironment } from "./environment.ts";
import type { FleetPolicy } from "./fleet-policy.ts";
import { createFleet } from "./fleet.ts";
import { createLaunchTemplate } from "./launch.ts";
import type { Names } from "./names.ts";
import { createNetwork } from "./network.ts";
import { retentionOf } from "./retention.ts";
import { scaleWithBacklog } from "./scaling.ts";
import type { Settings } from "./settings.ts";
import { createWorkerRole } from "./worker-role.ts";

interface FleetStackProps {
  readonly settings: Settings;
  readonly policy: FleetPolicy;
  readonly names: Names;
  readonly data: Data;
}

/** Fills the stack of what works: network, role, launch template, group and its scaling. */
export function createWorkers(scope: Construct, { settings, policy, names, data }: FleetStackProps): autoscaling.AutoScalingGroup {
  const { name } = settings;
  const mediaConvert = data.mediaConvert && { roleArn: data.mediaConvert.role.roleArn, queueArn: data.mediaConvert.queueArn };
  const queues = { jobsUrl: data.queues.jobs.queueUrl, eventsUrl: data.queues.events.queueUrl };
  new logs.LogGroup(scope, "WorkerLog", {
    logGroupName: names.workerLog,
    retention: retentionOf(settings.logs.workerDays),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const network = createNetwork(scope, { name, network: settings.network });
  const launchTemplate = createLaunchTemplate(scope, {
    settings,
    network,
    role: createWorkerRole(scope, { settings, names, mediaConvert }),
    environment: workerEnvironment({ settings, policy, names, queues, mediaConvert }),
  });
  const group = createFleet(scope, { settings, policy, groupName: names.workers, network, launchTemplate });
  scaleWithBacklog(scope, { policy, group, queue: data.queues.jobs });
  return group;
}
