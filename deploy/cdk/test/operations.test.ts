import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { EMF_METRICS, MESSAGE_AGE } from "../../../src/telemetry/emf-metrics.ts";
import { loadPrices } from "../lib/cost.ts";
import { readSettings } from "../lib/settings.ts";
import { defaults, everything, expectResource, policy, resourcesOf, statementsOf, templatesOf, theResource } from "./templates.ts";

const standard = templatesOf(defaults);
const full = templatesOf(everything);

const stagesOf = (kind: typeof standard) =>
  Object(theResource(kind("pipeline"), "AWS::CodePipeline::Pipeline", "Pipeline").Properties["Stages"]);
const actionsOf = (kind: typeof standard): { provider: string; configuration: Record<string, unknown>; order: number }[] =>
  stagesOf(kind).flatMap(
    ({ Actions }: { Actions: { ActionTypeId: { Provider: string }; Configuration: Record<string, unknown>; RunOrder: number }[] }) =>
      Actions.map(({ ActionTypeId, Configuration, RunOrder }) => ({
        provider: ActionTypeId.Provider,
        configuration: Configuration,
        order: RunOrder,
      })),
  );

describe("the pipeline", () => {
  const group = theResource(standard("pipeline"), "AWS::CodeDeploy::DeploymentGroup", "DeploymentGroup").Properties;

  it("goes from the source over the build to the fleet, woken up before", () => {
    expect(actionsOf(standard).map(({ provider, order }) => [provider, order])).toEqual([
      ["CodeCommit", 1],
      ["CodeBuild", 1],
      ["CodeBuild", 1],
      ["CodeDeploy", 2],
    ]);
    expect(actionsOf(full)[0]).toMatchObject({
      provider: "CodeStarSourceConnection",
      configuration: { FullRepositoryId: "example/ladderd", BranchName: "main" },
    });
  });

  it("is no part of a deployment without a source", () => {
    expect(() => templatesOf(readSettings({ source: null }))("pipeline")).toThrow("there is no stack pipeline");
  });

  it("builds on the fleet's processor: a release holds programs for it", () => {
    const imageOf = (kind: typeof standard) => theResource(kind("pipeline"), "AWS::CodeBuild::Project", "Build").Properties["Environment"];
    expect(imageOf(standard)).toMatchObject({ Type: "ARM_CONTAINER", Image: "public.ecr.aws/docker/library/node:24-bookworm" });
    expect(imageOf(full)).toMatchObject({ Type: "LINUX_CONTAINER", Image: "public.ecr.aws/docker/library/node:24-bookworm" });
  });

  it("brings two instances into service first: CodeDeploy fails on an empty group, and half of one is none", () => {
    expect(theResource(standard("pipeline"), "AWS::CodeBuild::Project", "Wake").Properties["Environment"]).toMatchObject({
      EnvironmentVariables: [
        { Name: "GROUP", Value: "ladderd-workers" },
        { Name: "INSTANCES", Value: String(Math.min(2, policy.maximumInstances)) },
        { Name: "MINIMUM", Value: String(policy.minimumInstances) },
      ],
    });
  });

  it("keeps them for the deployment: scale-in does not go below a minimum that the group takes back by itself", () => {
    const { Source } = theResource(standard("pipeline"), "AWS::CodeBuild::Project", "Wake").Properties;
    const script = String(Object(Source).BuildSpec);
    const [back, raise] = [script.indexOf("put-scheduled-update-group-action"), script.indexOf("update-auto-scaling-group ")];
    expect(back).toBeGreaterThan(0);
    expect(raise).toBeGreaterThan(back);
    const allowed = resourcesOf(standard("pipeline"), "AWS::IAM::Policy")
      .filter(({ id }) => id.startsWith("Wake"))
      .flatMap(({ Properties }) => statementsOf(Properties["PolicyDocument"]))
      .filter(({ Resource }) => Resource.some((arn) => arn.endsWith("autoScalingGroupName/ladderd-workers")));
    expect(allowed.flatMap(({ Action }) => Action)).toEqual([
      "autoscaling:PutScheduledUpdateGroupAction",
      "autoscaling:UpdateAutoScalingGroup",
    ]);
  });

  it("deploys in place to half of the fleet at a time, and to instances that started meanwhile", () => {
    expect(group).toMatchObject({
      AutoScalingGroups: ["ladderd-workers"],
      DeploymentConfigName: "CodeDeployDefault.HalfAtATime",
      DeploymentStyle: { DeploymentType: "IN_PLACE" },
      OutdatedInstancesStrategy: "UPDATE",
      TerminationHookEnabled: false,
    });
  });

  it("lets the deploying role read the configuration that the group deploys by", () => {
    const read = resourcesOf(standard("pipeline"), "AWS::IAM::Policy")
      .flatMap(({ Properties }) => statementsOf(Properties["PolicyDocument"]))
      .filter(({ Action }) => Action.includes("codedeploy:GetDeploymentConfig"));
    expect(read.flatMap(({ Resource }) => Resource)).toEqual([expect.stringMatching(/:deploymentconfig:CodeDeployDefault\.HalfAtATime$/)]);
  });

  it("goes back to the former release when it fails, is stopped or an alarm of the workers goes off", () => {
    expect(group).toMatchObject({
      AutoRollbackConfiguration: {
        Enabled: true,
        Events: ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
      },
      AlarmConfiguration: { Enabled: true },
    });
    expect(Object(group["AlarmConfiguration"]).Alarms.map(({ Name }: { Name: string }) => Name)).toEqual([
      expect.stringContaining("LeasesLost"),
      expect.stringContaining("VerificationFailures"),
      expect.stringContaining("IntakeHeld"),
    ]);
  });

  it.each(["rollout", "runbook"])("can be passed by a deployment without alarms, by the command in docs/%s.md", (page) => {
    const text = readFileSync(new URL(`../../../docs/${page}.md`, import.meta.url), "utf8").replaceAll(/\\\n\s*/g, "");
    expect(text).toContain(
      `aws deploy create-deployment --application-name ladderd --deployment-group-name ${String(group["DeploymentGroupName"])} ` +
        "--revision file://revision.json --override-alarm-configuration enabled=false",
    );
  });

  it("tells the alarm topic when it fails", () => {
    expect(theResource(standard("pipeline"), "AWS::Events::Rule", "Failures").Properties).toMatchObject({
      EventPattern: { source: ["aws.codepipeline"], detail: { state: ["FAILED"] } },
      Targets: [{ Arn: expect.stringContaining("Topic"), RoleArn: expect.stringMatching(/^<FailureRole/) }],
    });
  });

  it("pays for no key of its own, and keeps its logs for a month", () => {
    standard("pipeline").resourceCountIs("AWS::KMS::Key", 0);
    const groups = resourcesOf(standard("pipeline"), "AWS::Logs::LogGroup");
    expect(groups.map(({ Properties }) => [Properties["LogGroupName"], Properties["RetentionInDays"]])).toEqual([
      ["/ladderd/wake", 30],
      ["/ladderd/build", 30],
    ]);
  });

  it("gives CodeDeploy the permission to change this group's instances by AWS's own policy, for this account", () => {
    expect(
      statementsOf(theResource(standard("pipeline"), "AWS::IAM::Role", "DeployRole").Properties["AssumeRolePolicyDocument"]),
    ).toMatchObject([
      { Principal: { Service: "codedeploy.amazonaws.com" }, Condition: { StringEquals: { "aws:SourceAccount": "<AWS::AccountId>" } } },
    ]);
  });
});

describe("alarms", () => {
  const alarms = resourcesOf(standard("watch"), "AWS::CloudWatch::Alarm");
  const alarm = (id: string) => theResource(standard("watch"), "AWS::CloudWatch::Alarm", id).Properties;

  it("are those of R-O4", () => {
    expect(alarms.map(({ Properties }) => Properties["AlarmName"])).toEqual(
      [
        "OldestMessage",
        "MessageAge",
        "DeadJobs",
        "DeadEvents",
        "InFlight",
        "NothingPublished",
        "Backlog",
        "CapacityShort",
        "WorkersSilent",
        "Interruptions",
        "LeasesLost",
        "VerificationFailures",
        "IntakeHeld",
        "Disk",
      ].map((id) => `ladderd-${id}`),
    );
  });

  it.each(alarms.map(({ Properties }) => [String(Properties["AlarmName"]), Properties] as const))(
    "%s says what it means, tells the topic of both ends, and is quiet without data",
    (_name, properties) => {
      expect(String(properties["AlarmDescription"]).length).toBeGreaterThan(30);
      expect(properties).toMatchObject({
        AlarmActions: [expect.stringMatching(/^<Topic/)],
        OKActions: [expect.stringMatching(/^<Topic/)],
        TreatMissingData: "notBreaching",
      });
    },
  );

  it("of the workers ask for metrics that the workers tell, in this deployment's namespace", () => {
    const told = [...EMF_METRICS, MESSAGE_AGE].map(({ name }) => name);
    const asked = [...JSON.stringify(alarms).matchAll(/"MetricName":"(\w+)","Namespace":"ladderd"/g)].map(([, name]) => name);
    expect(asked.length).toBeGreaterThan(5);
    expect(told).toEqual(expect.arrayContaining(asked));
  });

  it("go off at the promised age, which the settings say", () => {
    for (const id of ["OldestMessage", "MessageAge"]) expect(alarm(id)).toMatchObject({ Threshold: 1800, EvaluationPeriods: 5 });
    expect(theResource(full("watch"), "AWS::CloudWatch::Alarm", "OldestMessage").Properties).toMatchObject({ Threshold: 900 });
  });

  it("go off at the first dead letter and at the first output that is refused", () => {
    for (const id of ["DeadJobs", "DeadEvents", "VerificationFailures"])
      expect(alarm(id)).toMatchObject({ Threshold: 0, ComparisonOperator: "GreaterThanThreshold", EvaluationPeriods: 1 });
  });

  it("go off when uploads wait and nothing is published for twice the longest job", () => {
    expect(JSON.stringify(alarm("NothingPublished")["Metrics"])).toContain("IF(visible > 0, IF(FILL(published, 0) > 0, 0, 1), 0)");
    expect(alarm("NothingPublished")).toMatchObject({ EvaluationPeriods: 12 });
  });

  it("go off when an instance is in service whose worker says nothing", () => {
    expect(JSON.stringify(alarm("WorkersSilent")["Metrics"])).toContain(
      `IF(instances * ${policy.slotsPerInstance} > FILL(slots, 0), 1, 0)`,
    );
  });

  it("go off before SQS refuses receives, and before a disk is full", () => {
    expect(alarm("InFlight")).toMatchObject({ Threshold: 100_000, MetricName: "ApproximateNumberOfMessagesNotVisible" });
    expect(alarm("Disk")).toMatchObject({ Threshold: 2 ** 31, ComparisonOperator: "LessThanThreshold", Statistic: "Minimum" });
  });

  it("cost what prices.json says that they do: a tenth of a dollar for every metric that one asks for", () => {
    const metricsOf = (kind: "watch" | "fleet"): number =>
      resourcesOf(standard(kind), "AWS::CloudWatch::Alarm").reduce((sum, { Properties }) => {
        const metrics = Properties["Metrics"];
        return sum + (Array.isArray(metrics) ? metrics.filter((metric) => "MetricStat" in Object(metric)).length : 1);
      }, 0);
    // Target tracking makes two alarms of its own, on both metrics of its ratio.
    expect(metricsOf("watch") + metricsOf("fleet") + 2 * 2).toBe(loadPrices().assumptions.alarmMetrics);
  });

  it("may be told by CloudWatch: a topic with a policy of its own has lost what lets it", () => {
    const statements = resourcesOf(standard("watch"), "AWS::SNS::TopicPolicy").flatMap(({ Properties }) =>
      statementsOf(Properties["PolicyDocument"]),
    );
    expect(statements).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          Effect: "Allow",
          Action: ["sns:Publish"],
          Principal: { Service: "cloudwatch.amazonaws.com" },
          Condition: { StringEquals: { "aws:SourceAccount": "<AWS::AccountId>" } },
        }),
        expect.objectContaining({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
      ]),
    );
  });

  it("reach a mailbox where the settings name one", () => {
    standard("watch").resourceCountIs("AWS::SNS::Subscription", 0);
    expectResource(full("watch"), "AWS::SNS::Subscription", { Protocol: "email", Endpoint: "video@example.com" });
  });
});

describe("the dashboard", () => {
  const body = String(theResource(standard("watch"), "AWS::CloudWatch::Dashboard", "Dashboard").Properties["DashboardBody"]);

  it("shows the alarms, the queue, the fleet, the outcomes and the viewers", () => {
    const titles = [...body.matchAll(/"title":"([^"]+)"/g)].map(([, title]) => title);
    expect(titles).toEqual([
      "Alarms",
      "Messages",
      "Age of the oldest message (s)",
      "Instances",
      "Busy share of the slots (%)",
      "Jobs ended",
      "Faults",
      "Viewers",
      "Errors of viewers (%)",
    ]);
  });

  it("shows metrics that the workers tell", () => {
    const shown = [...body.matchAll(/"ladderd","(\w+)"/g)].map(([, name]) => name);
    expect(shown).toEqual(expect.arrayContaining(["BusyShare", "SettledPublished"]));
    expect([...EMF_METRICS, MESSAGE_AGE].map(({ name }) => name)).toEqual(expect.arrayContaining(shown));
  });

  it("has the region in its name: dashboards are global", () => {
    expect(theResource(standard("watch"), "AWS::CloudWatch::Dashboard", "Dashboard").Properties["DashboardName"]).toBe("ladderd-us-east-1");
  });

  it("reads CloudFront's metrics where they are", () => {
    expect(body).toContain('"AWS/CloudFront","Requests"');
    expect(body).toContain('"region":"us-east-1"');
  });
});
