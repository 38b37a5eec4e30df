import type * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import * as codecommit from "aws-cdk-lib/aws-codecommit";
import * as codepipeline from "aws-cdk-lib/aws-codepipeline";
import * as actions from "aws-cdk-lib/aws-codepipeline-actions";
import * as events from "aws-cdk-lib/aws-events";
import * as s3 from "aws-cdk-lib/aws-s3";
import type * as sns from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";

import { acknowledgeWildcards, BUCKET_GRANTS, resourceFinding } from "./acknowledge.ts";
import { createBuild, createWake } from "./build-projects.ts";
import { createDeployment } from "./deployment.ts";
import { createRole } from "./grants.ts";
import type { FleetPolicy } from "./fleet-policy.ts";
import type { Settings } from "./settings.ts";

interface PipelineProps {
  readonly settings: Settings;
  readonly source: NonNullable<Settings["source"]>;
  readonly policy: FleetPolicy;
  /** Name of the bucket of releases. */
  readonly artifacts: string;
  /** Name of the group of workers. */
  readonly workers: string;
  /** Alarms that stop a deployment and bring the former release back. */
  readonly rollbackOn: readonly cloudwatch.Alarm[];
  readonly alarmTopic: sns.ITopic;
}

/** Creates the way of a commit to the fleet: source, build with all tests, deployment to half of the fleet at a time. */
export function createPipeline(scope: Construct, props: PipelineProps): codepipeline.Pipeline {
  const { settings, source, policy, workers } = props;
  const artifacts = s3.Bucket.fromBucketName(scope, "Artifacts", props.artifacts);
  const sources = new codepipeline.Artifact("Source");
  const release = new codepipeline.Artifact("Release");
  const wake = createWake(scope, { settings, policy, workers, artifacts });
  const pipeline = new codepipeline.Pipeline(scope, "Pipeline", {
    pipelineName: settings.name,
    pipelineType: codepipeline.PipelineType.V2,
    // Later commits wait for the deployment that runs, and only the newest of them is built.
    executionMode: codepipeline.ExecutionMode.SUPERSEDED,
    artifactBucket: artifacts,
    crossAccountKeys: false,
    restartExecutionOnUpdate: false,
    stages: [
      { stageName: "Source", actions: [sourceAction(scope, source, sources)] },
      {
        stageName: "Build",
        actions: [
          new actions.CodeBuildAction({
            actionName: "Build",
            project: createBuild(scope, settings, artifacts),
            input: sources,
            outputs: [release],
          }),
        ],
      },
      {
        stageName: "Deploy",
        actions: [
          new actions.CodeBuildAction({ actionName: "Wake", project: wake, input: sources, runOrder: 1 }),
          new actions.CodeDeployServerDeployAction({
            actionName: "Deploy",
            deploymentGroup: createDeployment(scope, props),
            input: release,
            runOrder: 2,
          }),
        ],
      },
    ],
  });
  acknowledgeWildcards(pipeline, "What the library's actions may do with the one bucket of releases.", [
    ...BUCKET_GRANTS,
    resourceFinding(`${artifacts.bucketArn}/*`),
  ]);
  tellOfFailures(scope, pipeline, props.alarmTopic);
  return pipeline;
}

function sourceAction(scope: Construct, source: PipelineProps["source"], output: codepipeline.Artifact): codepipeline.IAction {
  const { branch, repository } = source;
  if (source.kind === "connection") {
    const { arn: connectionArn, owner } = source;
    return new actions.CodeStarConnectionsSourceAction({
      actionName: "Connection",
      connectionArn,
      owner,
      repo: repository,
      branch,
      output,
    });
  }
  return new actions.CodeCommitSourceAction({
    actionName: "CodeCommit",
    repository: codecommit.Repository.fromRepositoryName(scope, "Repository", repository),
    branch,
    output,
  });
}

function tellOfFailures(scope: Construct, pipeline: codepipeline.Pipeline, topic: sns.ITopic): void {
  const role = createRole(scope, "FailureRole", {
    description: "Tells the alarm topic of ladderd that its pipeline failed",
    service: "events.amazonaws.com",
    grants: { publish: [{ actions: ["sns:Publish"], resources: [topic.topicArn] }] },
  });
  new events.CfnRule(scope, "Failures", {
    description: "Executions of the pipeline of ladderd that failed",
    eventPattern: {
      source: ["aws.codepipeline"],
      "detail-type": ["CodePipeline Pipeline Execution State Change"],
      detail: { pipeline: [pipeline.pipelineName], state: ["FAILED"] },
    },
    targets: [{ id: "alarms", arn: topic.topicArn, roleArn: role.roleArn }],
  });
}
