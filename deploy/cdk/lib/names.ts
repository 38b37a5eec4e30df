import { Aws } from "aws-cdk-lib";

import type { Settings } from "./settings.ts";

/** Names that several stacks, the queue policies and the role agree on without importing one another. */
export interface Names {
  readonly uploads: string;
  readonly published: string;
  readonly state: string;
  readonly accessLogs: string;
  readonly artifacts: string;
  readonly jobs: string;
  readonly deadJobs: string;
  readonly events: string;
  readonly deadEvents: string;
  readonly workers: string;
  readonly workerLog: string;
  /** Begins names that an account has once, whatever the region: those of CloudFront and of dashboards. */
  readonly global: string;
  /** Name of a bucket's copy in the region of the replica. */
  replicaOf(kind: "uploads" | "published" | "state"): string;
}

/** Where deploy/cloudwatch/agent.json sends the workers' log, whatever the deployment is called. */
const WORKER_LOG = "/ladderd/worker";
/** The CloudWatch agent's own namespace, in which it tells of disk and memory. */
export const MACHINE_NAMESPACE = "CWAgent";

/** Bucket names carry account and region: they are unique, and nobody else's account can own them unseen (s3.bucketOwner). */
export function namesOf({ name, region, recovery }: Pick<Settings, "name" | "region" | "recovery">): Names {
  const bucket = (kind: string, place = region): string => `${name}-${kind}-${Aws.ACCOUNT_ID}-${place}`;
  return {
    uploads: bucket("uploads"),
    published: bucket("published"),
    state: bucket("state"),
    accessLogs: bucket("access-logs"),
    artifacts: bucket("artifacts"),
    jobs: `${name}-jobs`,
    deadJobs: `${name}-jobs-dead`,
    events: `${name}-events`,
    deadEvents: `${name}-events-dead`,
    workers: `${name}-workers`,
    workerLog: WORKER_LOG,
    global: `${name}-${region}`,
    replicaOf: (kind) => bucket(`${kind}-copy`, recovery.replicaRegion),
  };
}

/** The ARN of a queue of this account and region. */
export const queueArn = (queue: string): string => `arn:${Aws.PARTITION}:sqs:${Aws.REGION}:${Aws.ACCOUNT_ID}:${queue}`;

/** The ARN of a bucket. */
export const bucketArn = (bucket: string): string => `arn:${Aws.PARTITION}:s3:::${bucket}`;

/** The ARN of an Auto Scaling group, whose middle only EC2 knows. */
export const groupArn = (group: string): string =>
  `arn:${Aws.PARTITION}:autoscaling:${Aws.REGION}:${Aws.ACCOUNT_ID}:autoScalingGroup:*:autoScalingGroupName/${group}`;
