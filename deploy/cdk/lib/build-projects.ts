import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Aws, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import * as codebuild from "aws-cdk-lib/aws-codebuild";
import * as iam from "aws-cdk-lib/aws-iam";
import * as logs from "aws-cdk-lib/aws-logs";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";

import { acknowledge, acknowledgeWildcards, BUCKET_GRANTS, resourceFinding } from "./acknowledge.ts";
import type { FleetPolicy } from "./fleet-policy.ts";
import { groupArn } from "./names.ts";
import { retentionOf } from "./retention.ts";
import type { Settings } from "./settings.ts";

/** Debian 12 with Node.js, for both processors: a release holds programs for the processor that it was built on. */
const IMAGE = "public.ecr.aws/docker/library/node:24-bookworm";
const BUILD_MINUTES = 90;
const LOG_DAYS = 30;
/** Half at a time of two is one: of a single instance CodeDeploy would have to keep it and deploy to none. */
const LEAST_INSTANCES = 2;

const WAKE = join(import.meta.dirname, "../pipeline/wake-group.sh");

/** Creates the project that runs the repository's buildspec.yml on the processor of the fleet. */
export function createBuild(scope: Construct, settings: Settings, artifacts: IBucket): codebuild.PipelineProject {
  const isArm = settings.instances.architecture === "arm64";
  const project = new codebuild.PipelineProject(scope, "Build", {
    projectName: `${settings.name}-build`,
    description: "Checks, tests and packs ladderd",
    buildSpec: codebuild.BuildSpec.fromSourceFilename("buildspec.yml"),
    environment: {
      buildImage: isArm ? codebuild.LinuxArmBuildImage.fromDockerRegistry(IMAGE) : codebuild.LinuxBuildImage.fromDockerRegistry(IMAGE),
      computeType: codebuild.ComputeType.MEDIUM,
      privileged: true,
    },
    grantReportGroupPermissions: false,
    // What buildspec.yml names, on a build host that is used again soon.
    cache: codebuild.Cache.local(codebuild.LocalCacheMode.CUSTOM),
    timeout: Duration.minutes(BUILD_MINUTES),
    logging: { cloudWatch: { logGroup: logGroup(scope, "BuildLog", `/${settings.name}/build`) } },
  });
  acknowledgeProject(project, artifacts);
  acknowledge(project, "AwsSolutions-CB3", "The tests build the media sandbox for real, whose namespaces a plain container forbids.");
  acknowledge(project, "AwsSolutions-CB5", "CodeBuild's own images for ARM have neither Debian's ffmpeg nor its bubblewrap.");
  return project;
}

interface WakeProps {
  readonly settings: Settings;
  readonly workers: string;
  readonly policy: FleetPolicy;
  readonly artifacts: IBucket;
}

/** Creates the project that brings instances into service for a deployment to land on. */
export function createWake(scope: Construct, { settings, workers, policy, artifacts }: WakeProps): codebuild.PipelineProject {
  const project = new codebuild.PipelineProject(scope, "Wake", {
    projectName: `${settings.name}-wake`,
    description: "Brings workers into service for a deployment to land on",
    buildSpec: codebuild.BuildSpec.fromObject({ version: 0.2, phases: { build: { commands: [readFileSync(WAKE, "utf8")] } } }),
    environment: { buildImage: codebuild.LinuxArmBuildImage.AMAZON_LINUX_2023_STANDARD_3_0, computeType: codebuild.ComputeType.SMALL },
    environmentVariables: {
      GROUP: { value: workers },
      INSTANCES: { value: String(Math.min(Math.max(LEAST_INSTANCES, policy.minimumInstances), policy.maximumInstances)) },
      MINIMUM: { value: String(policy.minimumInstances) },
    },
    grantReportGroupPermissions: false,
    timeout: Duration.minutes(20),
    logging: { cloudWatch: { logGroup: logGroup(scope, "WakeLog", `/${settings.name}/wake`) } },
  });
  project.addToRolePolicy(new iam.PolicyStatement({ actions: ["autoscaling:DescribeAutoScalingGroups"], resources: ["*"] }));
  project.addToRolePolicy(
    new iam.PolicyStatement({
      actions: ["autoscaling:PutScheduledUpdateGroupAction", "autoscaling:UpdateAutoScalingGroup"],
      resources: [groupArn(workers)],
    }),
  );
  acknowledgeProject(project, artifacts);
  acknowledgeWildcards(project, "The first action knows no resources; the others have a group's id, which only EC2 knows.", [
    "Resource::*",
    resourceFinding(groupArn(workers)),
  ]);
  return project;
}

function acknowledgeProject(project: codebuild.PipelineProject, artifacts: IBucket): void {
  acknowledge(project, "AwsSolutions-CB4", "What it makes lies in the bucket of releases, encrypted by S3.");
  const resource = project.node.defaultChild;
  const projectId = resource instanceof codebuild.CfnProject ? Stack.of(project).getLogicalId(resource) : "";
  const { partition, region } = Stack.of(project);
  acknowledgeWildcards(project, "What the library gives every project: its own log, and the one bucket of releases.", [
    ...BUCKET_GRANTS,
    resourceFinding(`${artifacts.bucketArn}/*`),
    resourceFinding(`arn:${partition}:logs:${region}:${Aws.ACCOUNT_ID}:log-group:/aws/codebuild/<${projectId}>:*`),
  ]);
}

const logGroup = (scope: Construct, id: string, logGroupName: string): logs.LogGroup =>
  new logs.LogGroup(scope, id, { logGroupName, retention: retentionOf(LOG_DAYS), removalPolicy: RemovalPolicy.DESTROY });
