import { Aws } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import * as cloudwatchActions from "aws-cdk-lib/aws-cloudwatch-actions";
import * as iam from "aws-cdk-lib/aws-iam";
import * as sns from "aws-cdk-lib/aws-sns";
import * as subscriptions from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";

import type { AlarmRule, Watched } from "./alarm-rules.ts";
import { alarmRules } from "./alarm-rules.ts";

/** What the alarms became. */
export interface Alarms {
  readonly topic: sns.Topic;
  readonly all: readonly cloudwatch.Alarm[];
  readonly rollback: readonly cloudwatch.Alarm[];
}

/** Creates every alarm and the topic that they tell. */
export function createAlarms(scope: Construct, watched: Watched & { readonly name: string }): Alarms {
  const topic = createTopic(scope, watched.name, watched.settings.email);
  const action = new cloudwatchActions.SnsAction(topic);
  const made = alarmRules(watched).map((rule) => {
    const alarm = createAlarm(scope, `${watched.name}-${rule.id}`, rule);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    return { alarm, isRollback: rule.isRollback === true };
  });
  return {
    topic,
    all: made.map(({ alarm }) => alarm),
    rollback: made.filter(({ isRollback }) => isRollback).map(({ alarm }) => alarm),
  };
}

function createAlarm(scope: Construct, alarmName: string, { id, says, metric, above, below, minutes }: AlarmRule): cloudwatch.Alarm {
  return new cloudwatch.Alarm(scope, id, {
    alarmName,
    alarmDescription: says,
    metric,
    threshold: below ?? above ?? 0,
    comparisonOperator:
      below === undefined ? cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD : cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: Math.max(1, Math.round(minutes / metric.period.toMinutes())),
    // A fleet that has scaled to zero reports nothing, and nothing is wrong with it.
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
}

function createTopic(scope: Construct, name: string, email: string | undefined): sns.Topic {
  const topic = new sns.Topic(scope, "Topic", { topicName: `${name}-alarms`, enforceSSL: true });
  // A topic with a policy of its own has lost the one that lets the account's alarms publish.
  topic.addToResourcePolicy(
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal("cloudwatch.amazonaws.com")],
      actions: ["sns:Publish"],
      resources: [topic.topicArn],
      conditions: { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } },
    }),
  );
  if (email !== undefined) topic.addSubscription(new subscriptions.EmailSubscription(email));
  return topic;
}
