import * as events from "aws-cdk-lib/aws-events";
import * as sns from "aws-cdk-lib/aws-sns";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

import { allowSender, fromResource } from "./queues.ts";

/** Statuses that move a job on; STATUS_UPDATE and NEW_WARNING would be a message a minute that changes nothing. */
const STATUSES = ["PROGRESSING", "COMPLETE", "ERROR", "CANCELED"] as const;

interface EventProps {
  readonly name: string;
  readonly queue: sqs.Queue;
}

/** Brings the states of this MediaConvert queue's jobs to the events queue; other users of the account's MediaConvert are not ours. */
export function routeMediaConvert(scope: Construct, { name, queue, jobQueueArn }: EventProps & { readonly jobQueueArn: string }): void {
  const rule = new events.CfnRule(scope, "MediaConvertEvents", {
    name: `${name}-mediaconvert`,
    description: "State changes of this deployment's MediaConvert jobs, to its events queue",
    eventPattern: {
      source: ["aws.mediaconvert"],
      "detail-type": ["MediaConvert Job State Change"],
      detail: { status: STATUSES, queue: [jobQueueArn] },
    },
    targets: [{ id: "events", arn: queue.queueArn, retryPolicy: { maximumRetryAttempts: 185, maximumEventAgeInSeconds: 86_400 } }],
  });
  allowSender(queue, "events.amazonaws.com", fromResource(rule.attrArn));
}

/** Creates the SNS topic that an Elastic Transcoder pipeline notifies, and brings its messages to the events queue. */
export function routeElasticTranscoder(scope: Construct, { name, queue }: EventProps): sns.Topic {
  const topic = new sns.Topic(scope, "ElasticTranscoderEvents", { topicName: `${name}-elastic-transcoder`, enforceSSL: true });
  allowSender(queue, "sns.amazonaws.com", fromResource(topic.topicArn));
  new sns.CfnSubscription(scope, "ElasticTranscoderEventsToQueue", {
    topicArn: topic.topicArn,
    protocol: "sqs",
    endpoint: queue.queueArn,
  });
  return topic;
}
