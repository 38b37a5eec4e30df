import type * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import * as codedeploy from "aws-cdk-lib/aws-codedeploy";
import * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";

import { acknowledge } from "./acknowledge.ts";
import { serviceOf } from "./grants.ts";
import type { Settings } from "./settings.ts";

interface DeploymentProps {
  readonly settings: Settings;
  /** Name of the group of workers. */
  readonly workers: string;
  /** Alarms that stop a deployment and bring the former release back. */
  readonly rollbackOn: readonly cloudwatch.Alarm[];
}

const POLICY = "service-role/AWSCodeDeployRole";
const CONFIG = codedeploy.ServerDeploymentConfig.HALF_AT_A_TIME;

/**
 * Creates CodeDeploy's application and its group: in place, half of the fleet at a time, back to the former release when it fails.
 * Written as the resource itself: the library's own group would let the workers' role read the whole bucket of releases.
 */
export function createDeployment(scope: Construct, { settings, workers, rollbackOn }: DeploymentProps): codedeploy.IServerDeploymentGroup {
  const application = new codedeploy.ServerApplication(scope, "Application", { applicationName: settings.name });
  const role = new iam.Role(scope, "DeployRole", {
    description: "Lets CodeDeploy deploy ladderd to its group of workers",
    assumedBy: serviceOf("codedeploy.amazonaws.com"),
    managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName(POLICY)],
  });
  acknowledge(
    role,
    `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${POLICY}]`,
    "AWS keeps it in step with what CodeDeploy does to Auto Scaling groups.",
  );
  const deploymentGroupName = workers;
  const group = new codedeploy.CfnDeploymentGroup(scope, "DeploymentGroup", {
    applicationName: application.applicationName,
    deploymentGroupName,
    serviceRoleArn: role.roleArn,
    autoScalingGroups: [workers],
    deploymentConfigName: CONFIG.deploymentConfigName,
    deploymentStyle: { deploymentType: "IN_PLACE", deploymentOption: "WITHOUT_TRAFFIC_CONTROL" },
    // Instances that started during a deployment get its release afterwards.
    outdatedInstancesStrategy: "UPDATE",
    // The worker answers for its own end (the group's hook): a stop script besides would drain twice.
    terminationHookEnabled: false,
    alarmConfiguration: { enabled: true, alarms: rollbackOn.map(({ alarmName }) => ({ name: alarmName })) },
    autoRollbackConfiguration: {
      enabled: true,
      events: ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
    },
  });
  group.node.addDependency(role);
  return codedeploy.ServerDeploymentGroup.fromServerDeploymentGroupAttributes(scope, "Deployment", {
    application,
    deploymentGroupName,
    // The deploying role may read this one alone; CodeDeploy asks with its rights.
    deploymentConfig: CONFIG,
  });
}
