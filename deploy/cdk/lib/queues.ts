import { Aws, Duration } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as sqs from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

import type { Names } from "./names.ts";
import { bucketArn, queueArn } from "./names.ts";

/** The queues of a deployment. */
export interface Queues {
  readonly jobs: sqs.Queue;
  readonly deadJobs: sqs.Queue;
  readonly events: sqs.Queue;
  readonly deadEvents: sqs.Queue;
}

/** The worker's lease.visibilitySeconds: how long a message stays hidden from its receive to the first extension. */
export const VISIBILITY_SECONDS = 300;
/** SQS's longest poll: an empty queue costs 3 requests a minute for each slot. */
export const WAIT_SECONDS = 20;
/** Deploys, Spot notices and lost leases are receives, too; the worker finds poison by its own records (10 at least). */
export const MAX_RECEIVES = 20;
const RETENTION_DAYS = 7;
/** SQS's longest. The age of a message counts on from its first queue: the dead-letter queue has to keep it longer. */
const DEAD_RETENTION_DAYS = 14;

interface Pair {
  readonly queue: sqs.Queue;
  readonly dead: sqs.Queue;
}

/** Creates the job queue and the events queue, a dead-letter queue each, and lets the uploads bucket send to the first. */
export function createQueues(scope: Construct, names: Names): Queues {
  const jobs = createPair(scope, { id: "Jobs", name: names.jobs, deadName: names.deadJobs });
  const events = createPair(scope, { id: "Events", name: names.events, deadName: names.deadEvents });
  // A bucket's ARN names no account: whoever came to own the name could send without the second condition.
  allowSender(jobs.queue, "s3.amazonaws.com", {
    ArnEquals: { "aws:SourceArn": bucketArn(names.uploads) },
    StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID },
  });
  return { jobs: jobs.queue, deadJobs: jobs.dead, events: events.queue, deadEvents: events.dead };
}

function createPair(scope: Construct, { id, name, deadName }: { id: string; name: string; deadName: string }): Pair {
  const dead = new sqs.Queue(scope, `Dead${id}`, {
    queueName: deadName,
    retentionPeriod: Duration.days(DEAD_RETENTION_DAYS),
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    redriveAllowPolicy: {
      redrivePermission: sqs.RedrivePermission.BY_QUEUE,
      sourceQueues: [sqs.Queue.fromQueueArn(scope, `${id}ByName`, queueArn(name))],
    },
  });
  const queue = new sqs.Queue(scope, id, {
    queueName: name,
    visibilityTimeout: Duration.seconds(VISIBILITY_SECONDS),
    receiveMessageWaitTime: Duration.seconds(WAIT_SECONDS),
    retentionPeriod: Duration.days(RETENTION_DAYS),
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    deadLetterQueue: { queue: dead, maxReceiveCount: MAX_RECEIVES },
  });
  return { queue, dead };
}

/** Conditions for what has an ARN with an account in it; EventBridge and SNS do not always name the account besides. */
export const fromResource = (sourceArn: string) => ({
  ArnEquals: { "aws:SourceArn": sourceArn },
  StringEqualsIfExists: { "aws:SourceAccount": Aws.ACCOUNT_ID },
});

/** Lets a service send to the queue under these conditions, which name one source of this account. */
export function allowSender(queue: sqs.Queue, service: string, conditions: iam.Conditions): void {
  queue.addToResourcePolicy(
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal(service)],
      actions: ["sqs:SendMessage"],
      resources: [queue.queueArn],
      conditions,
    }),
  );
}

/** The policy of a queue, for what has to wait until it is in force. */
export function policyOf(queue: sqs.Queue): Construct {
  const policy = queue.node.tryFindChild("Policy");
  if (!(policy instanceof sqs.QueuePolicy)) throw new Error("the queue has no policy");
  return policy;
}
