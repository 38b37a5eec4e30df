import { Aws } from "aws-cdk-lib";
import type * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";

import { CANARY_FOLDER } from "./bucket-rules.ts";
import type { Grant } from "./grants.ts";
import { createRole } from "./grants.ts";
import type { Names } from "./names.ts";
import { bucketArn, groupArn, MACHINE_NAMESPACE, queueArn } from "./names.ts";
import type { Settings } from "./settings.ts";

interface RoleProps {
  readonly settings: Settings;
  readonly names: Names;
  /** ARNs of MediaConvert's role and queue, where that engine is used. */
  readonly mediaConvert: { readonly roleArn: string; readonly queueArn: string } | undefined;
}

const ANY_KEY = "Any object of this one bucket: keys are chosen by whoever uploads.";
const NO_RESOURCES = "The action knows no resources.";

const CANARY = `${CANARY_FOLDER}*`;

const own = (service: string, resource: string): string => `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}`;
const objects = (bucket: string, keys = "*"): string => `${bucketArn(bucket)}/${keys}`;

/** Creates the role of the workers: what README "On EC2" lists, on this deployment's own resources, and nothing else. */
export function createWorkerRole(scope: Construct, { settings, names, mediaConvert }: RoleProps): iam.Role {
  const hasManagedEngine = settings.engines.some((engine) => engine !== "ffmpeg");
  return createRole(scope, "WorkerRole", {
    description: "What a worker of ladderd may do",
    service: "ec2.amazonaws.com",
    grants: {
      media: mediaGrants(names),
      queues: queueGrants(names, hasManagedEngine),
      group: groupGrants(names),
      machine: machineGrants(names),
      ...notifyGrants(settings.environment),
      ...(mediaConvert ? { mediaconvert: mediaConvertGrants(mediaConvert) } : {}),
      ...(settings.engines.includes("elastic-transcoder") ? { elastictranscoder: elasticTranscoderGrants() } : {}),
      ...(settings.instances.sessionManager ? { sessions: [SESSIONS] } : {}),
    },
  });
}

const mediaGrants = ({ uploads, published, state }: Names): readonly Grant[] => [
  // Without ListBucket S3 answers 403 where an object is missing, which would look like a broken policy.
  { actions: ["s3:ListBucket"], resources: [uploads, published, state].map(bucketArn) },
  { actions: ["s3:GetObject", "s3:GetObjectVersion"], resources: [objects(uploads)], why: ANY_KEY },
  {
    actions: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
    resources: [objects(published), objects(state)],
    why: ANY_KEY,
  },
  {
    // `ladderd canary`, by which a deployment proves itself: a clip through the whole chain, removed at its end.
    actions: ["s3:PutObject", "s3:DeleteObject"],
    resources: [objects(uploads, CANARY)],
    why: "The one folder of canaries.",
  },
  {
    actions: ["s3:DeleteObject"],
    resources: [objects(published, "*/r/*"), objects(published, CANARY), objects(state)],
    why: "Revisions, canaries and records alone: pointers and asset.json are only ever replaced.",
  },
  { actions: ["s3:ListBucketMultipartUploads"], resources: [bucketArn(published)] },
];

function queueGrants({ jobs, deadJobs, events }: Names, hasManagedEngine: boolean): readonly Grant[] {
  const received = [jobs, ...(hasManagedEngine ? [events] : [])].map(queueArn);
  return [
    { actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"], resources: received },
    { actions: ["sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:SendMessage"], resources: [queueArn(deadJobs)] },
    // A job that failed at a service goes back to the queue, for the next engine.
    ...(hasManagedEngine ? [{ actions: ["sqs:SendMessage"], resources: [queueArn(jobs)] }] : []),
  ];
}

const groupGrants = ({ workers }: Names): readonly Grant[] => [
  {
    actions: ["autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeLifecycleHooks"],
    resources: ["*"],
    why: NO_RESOURCES,
  },
  {
    actions: ["autoscaling:RecordLifecycleActionHeartbeat", "autoscaling:CompleteLifecycleAction", "autoscaling:SetInstanceProtection"],
    resources: [groupArn(workers)],
    why: "One group by its name: the asterisk stands for its id, which only EC2 knows.",
  },
];

/** What the machine's agents do: fetch a release, ship the log, report disk and memory. */
const machineGrants = ({ artifacts, workerLog }: Names): readonly Grant[] => [
  { actions: ["s3:GetObject", "s3:GetObjectVersion"], resources: [objects(artifacts)], why: "Any release: its key is CodePipeline's." },
  {
    actions: ["s3:GetObject"],
    resources: [objects(`aws-codedeploy-${Aws.REGION}`)],
    why: "AWS's own bucket, from which the CodeDeploy agent updates itself.",
  },
  {
    actions: ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
    resources: [own("logs", `log-group:${workerLog}`), own("logs", `log-group:${workerLog}:*`)],
    why: "The streams of one log group, one for each instance.",
  },
  {
    actions: ["cloudwatch:PutMetricData"],
    resources: ["*"],
    conditions: { StringEquals: { "cloudwatch:namespace": MACHINE_NAMESPACE } },
    why: NO_RESOURCES,
  },
  // The agent names the group of an instance in its metrics.
  { actions: ["ec2:DescribeTags"], resources: ["*"], why: NO_RESOURCES },
];

/** Where notifications go, as the worker's own settings name it. */
function notifyGrants(environment: Settings["environment"]): { readonly notify?: readonly Grant[] } {
  const named = (variables: readonly string[]): readonly string[] => [
    ...new Set(variables.map((variable) => environment[variable] ?? "").filter((arn) => arn !== "")),
  ];
  const grants = [
    { actions: ["sns:Publish"], resources: named(["LADDERD_NOTIFY_TOPIC_ARN", "LADDERD_COMPAT_NOTIFICATIONS"]) },
    { actions: ["events:PutEvents"], resources: named(["LADDERD_NOTIFY_EVENT_BUS_ARN"]) },
  ].filter(({ resources }) => resources.length > 0);
  return grants.length === 0 ? {} : { notify: grants };
}

const mediaConvertGrants = ({ roleArn, queueArn: queue }: { roleArn: string; queueArn: string }): readonly Grant[] => [
  { actions: ["mediaconvert:CreateJob", "mediaconvert:GetQueue"], resources: [queue] },
  {
    actions: ["mediaconvert:SearchJobs"],
    resources: [own("mediaconvert", "queues/*")],
    why: "The worker searches by a source's name, and the API then looks through every queue.",
  },
  {
    actions: ["mediaconvert:GetJob", "mediaconvert:CancelJob"],
    resources: [own("mediaconvert", "jobs/*")],
    why: "The ids of jobs are MediaConvert's.",
  },
  {
    actions: ["iam:PassRole"],
    resources: [roleArn],
    conditions: { StringEquals: { "iam:PassedToService": "mediaconvert.amazonaws.com" } },
  },
];

const elasticTranscoderGrants = (): readonly Grant[] => [
  {
    actions: ["elastictranscoder:CreateJob", "elastictranscoder:ReadPipeline", "elastictranscoder:ListJobsByPipeline"],
    resources: [own("elastictranscoder", "pipeline/*")],
    why: "The pipeline is the operator's, by an id that no template knows.",
  },
  { actions: ["elastictranscoder:CreateJob"], resources: [own("elastictranscoder", "preset/*")], why: "Presets are named by jobs." },
  {
    actions: ["elastictranscoder:ReadJob", "elastictranscoder:CancelJob"],
    resources: [own("elastictranscoder", "job/*")],
    why: "The ids of jobs are Elastic Transcoder's.",
  },
];

/** A shell without SSH, a key or an open port. AmazonSSMManagedInstanceCore would also read every parameter of the account. */
const SESSIONS: Grant = {
  actions: [
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
  ],
  resources: ["*"],
  why: NO_RESOURCES,
};
