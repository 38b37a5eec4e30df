import { Duration } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";

import type { Watched } from "./alarm-rules.ts";
import { inService, ofWorkers, onGroup, onQueue } from "./metrics.ts";

interface DashboardProps extends Watched {
  /** An account has it once, whatever the region. */
  readonly name: string;
  readonly distributionId: string;
  readonly alarms: readonly cloudwatch.IAlarm[];
}

const ROW_HEIGHT = 6;
const HALF = 12;

/** Creates one page that answers: is anything wrong, does work wait, who does it, what becomes of it, who watches it. */
export function createDashboard(scope: Construct, props: DashboardProps): void {
  const { name, alarms } = props;
  const dashboard = new cloudwatch.Dashboard(scope, "Dashboard", { dashboardName: name, defaultInterval: Duration.hours(12) });
  dashboard.addWidgets(new cloudwatch.AlarmStatusWidget({ title: "Alarms", alarms: [...alarms], width: HALF * 2, height: 3 }));
  dashboard.addWidgets(...queueGraphs(props));
  dashboard.addWidgets(...fleetGraphs(props));
  dashboard.addWidgets(...outcomeGraphs(props));
  dashboard.addWidgets(...deliveryGraphs(props));
}

const graph = (title: string, left: cloudwatch.IMetric[], right: cloudwatch.IMetric[] = []): cloudwatch.GraphWidget =>
  new cloudwatch.GraphWidget({ title, left, right, width: HALF, height: ROW_HEIGHT, leftYAxis: { min: 0 }, rightYAxis: { min: 0 } });

const queueGraphs = ({ jobs, deadLetters }: DashboardProps): cloudwatch.IWidget[] => [
  graph("Messages", [
    onQueue(jobs, "ApproximateNumberOfMessagesVisible", "Maximum"),
    onQueue(jobs, "ApproximateNumberOfMessagesNotVisible", "Maximum"),
    ...deadLetters.map((queue) => onQueue(queue, "ApproximateNumberOfMessagesVisible", "Maximum")),
  ]),
  graph("Age of the oldest message (s)", [onQueue(jobs, "ApproximateAgeOfOldestMessage", "Maximum")]),
];

const fleetGraphs = ({ group, namespace }: DashboardProps): cloudwatch.IWidget[] => [
  graph(
    "Instances",
    [inService(group), onGroup(group, "GroupDesiredCapacity"), onGroup(group, "GroupTerminatingInstances")],
    [ofWorkers(namespace, "Interruptions", "Sum")],
  ),
  graph("Busy share of the slots (%)", [ofWorkers(namespace, "BusyShare", "Average")], [ofWorkers(namespace, "JobsInProgress", "Sum")]),
];

const outcomeGraphs = ({ namespace }: DashboardProps): cloudwatch.IWidget[] => [
  graph("Jobs ended", [ofWorkers(namespace, "SettledPublished", "Sum"), ofWorkers(namespace, "DeadLetterCopies", "Sum")]),
  graph("Faults", [
    ofWorkers(namespace, "VerificationFailures", "Sum"),
    ofWorkers(namespace, "LeasesLost", "Sum"),
    ofWorkers(namespace, "FailedReceives", "Sum"),
  ]),
];

/** CloudFront's metrics are in us-east-1, wherever the dashboard is. */
function deliveryGraphs({ distributionId }: DashboardProps): cloudwatch.IWidget[] {
  const ofDistribution = (metricName: string, statistic: string): cloudwatch.Metric =>
    new cloudwatch.Metric({
      namespace: "AWS/CloudFront",
      metricName,
      statistic,
      region: "us-east-1",
      dimensionsMap: { DistributionId: distributionId, Region: "Global" },
      period: Duration.minutes(5),
    });
  return [
    graph("Viewers", [ofDistribution("Requests", "Sum")], [ofDistribution("BytesDownloaded", "Sum")]),
    graph("Errors of viewers (%)", [ofDistribution("4xxErrorRate", "Average"), ofDistribution("5xxErrorRate", "Average")]),
  ];
}
