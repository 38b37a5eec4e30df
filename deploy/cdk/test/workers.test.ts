import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";
import { z } from "zod";

import { SCHEMA_KEYS } from "../../../src/config/environment.ts";
import { readSettings } from "../lib/settings.ts";
import { userData } from "../lib/user-data.ts";
import type { Statement } from "./templates.ts";
import { defaults, everything, expectResource, plain, policy, resourcesOf, statementsOf, templatesOf, theResource } from "./templates.ts";

const standard = templatesOf(defaults)("fleet");
const full = templatesOf(everything)("fleet");

const launchOf = (template: typeof standard) =>
  Object(theResource(template, "AWS::EC2::LaunchTemplate", "LaunchTemplate").Properties["LaunchTemplateData"]);
const launch = launchOf(standard);
const fullLaunch = launchOf(full);
const script = String(launch.UserData);

const agentFile = z.object({
  logs: z.object({ logs_collected: z.object({ files: z.object({ collect_list: z.tuple([z.object({ log_group_name: z.string() })]) }) }) }),
  metrics: z.object({ namespace: z.string().default("CWAgent") }),
});

const SCRAPED = SCHEMA_KEYS.find(({ key }) => key === "http.port")?.fallback;

/** The worker's environment file, as an instance would write it. */
const environmentOf = (text: string): ReadonlyMap<string, string> => {
  const [, lines = ""] = /^ENVIRONMENT='([^']*)'$/m.exec(text) ?? [];
  return new Map(lines.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
};

describe("an instance", () => {
  it.each([
    ["arm64", launch],
    ["x86_64", fullLaunch],
  ])("%s gives its credentials to nobody but itself: IMDSv2, one hop, no key pair", (_architecture, data) => {
    expect(data.MetadataOptions).toMatchObject({ HttpTokens: "required", HttpPutResponseHopLimit: 1 });
    expect(data).not.toHaveProperty("KeyName");
  });

  it("has encrypted volumes, a small root and one for the work", () => {
    expect(launch.BlockDeviceMappings).toEqual([
      { DeviceName: "/dev/sda1", Ebs: { DeleteOnTermination: true, Encrypted: true, VolumeSize: 16, VolumeType: "gp3" } },
      {
        DeviceName: "/dev/sdf",
        Ebs: { DeleteOnTermination: true, Encrypted: true, VolumeSize: 100, VolumeType: "gp3", Iops: 3000, Throughput: 250 },
      },
    ]);
  });

  it("with instance store pays for no work volume", () => {
    expect(fullLaunch.BlockDeviceMappings).toEqual([
      expect.objectContaining({ DeviceName: "/dev/xvda", Ebs: expect.objectContaining({ Encrypted: true }) }),
    ]);
  });

  it("boots the newest image of its system and processor, looked up at the launch", () => {
    expect(launch.ImageId).toBe("resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id");
    expect(fullLaunch.ImageId).toBe("resolve:ssm:/aws/service/debian/release/12/latest/amd64");
  });

  it("ends itself when it cannot be prepared, and does not pay for metrics by the minute", () => {
    expect(launch).toMatchObject({ InstanceInitiatedShutdownBehavior: "terminate", Monitoring: { Enabled: false } });
    expect(script).toContain("shutdown -h now");
  });

  it("is told what to run within the 16 KiB that EC2 takes", () => {
    for (const data of [launch, fullLaunch]) expect(Buffer.byteLength(String(data.UserData))).toBeLessThan(16_384);
    const own = userData({ instances: defaults.instances, region: defaults.region, environment: { NODE_ENV: "production" } });
    expect(String(plain(own.render()))).toMatch(/^#!\/bin\/bash\nREGION='us-east-1'\n/);
  });

  it("installs the agents and nothing of ladderd", () => {
    expect(script).toContain("amazon-cloudwatch-agent.deb");
    expect(script).toContain("codedeploy");
    const commands = script.replace(/^ENVIRONMENT='[^']*'$/m, "").replaceAll(/^\s*#.*$/gm, "");
    expect(commands).not.toMatch(/\b(?:npm|node|nodejs|pm2|ffmpeg)\b/i);
  });
});

describe("the environment file", () => {
  const environment = environmentOf(script);
  const fullEnvironment = environmentOf(String(fullLaunch.UserData));

  it("names variables that the worker knows, and no other", () => {
    const known = new Set([...SCHEMA_KEYS.map(({ env }) => env), "NODE_ENV", "AWS_REGION"]);
    expect([...environment.keys(), ...fullEnvironment.keys()].filter((name) => !known.has(name))).toEqual([]);
  });

  it("has what `ladderd start` needs, and the account that every bucket must belong to", () => {
    expect(Object.fromEntries(environment)).toMatchObject({
      NODE_ENV: "production",
      AWS_REGION: "us-east-1",
      LADDERD_QUEUE_URL: expect.stringContaining("Jobs"),
      LADDERD_UPLOAD_BUCKETS: "ladderd-uploads-<AWS::AccountId>-us-east-1",
      LADDERD_PUBLISH_BUCKET: "ladderd-published-<AWS::AccountId>-us-east-1",
      LADDERD_STATE_BUCKET: "ladderd-state-<AWS::AccountId>-us-east-1",
      LADDERD_S3_BUCKET_OWNER: "<AWS::AccountId>",
      LADDERD_ENGINES: "ffmpeg",
      LADDERD_WORK_DIR: "/var/lib/ladderd/work",
      LADDERD_CONCURRENCY: String(policy.slotsPerInstance),
      LADDERD_SCALE_IN_PROTECTION: "true",
    });
    expect(environment.has("LADDERD_EVENTS_QUEUE_URL")).toBe(false);
  });

  it("knows the managed engines where they are used, and what the operator adds", () => {
    expect(Object.fromEntries(fullEnvironment)).toMatchObject({
      LADDERD_ENGINES: "mediaconvert,elastic-transcoder,ffmpeg",
      LADDERD_EVENTS_QUEUE_URL: expect.stringContaining("Events"),
      LADDERD_MEDIACONVERT_ROLE: expect.stringContaining("MediaConvertRole"),
      LADDERD_MEDIACONVERT_QUEUE: expect.stringContaining("MediaConvertQueue"),
      LADDERD_LADDER: "h264-av1",
    });
  });
});

describe("the network", () => {
  it("lets nothing in, and lets out HTTPS and the mirrors' HTTP", () => {
    const { Properties } = theResource(standard, "AWS::EC2::SecurityGroup", "WorkerSecurityGroup");
    expect(Properties).not.toHaveProperty("SecurityGroupIngress");
    expect(Properties["SecurityGroupEgress"]).toMatchObject([
      { FromPort: 443, ToPort: 443 },
      { FromPort: 80, ToPort: 80 },
    ]);
    standard.resourceCountIs("AWS::EC2::SecurityGroupIngress", 0);
  });

  it("lets those in who scrape the metrics, where the settings name them, and the worker listens to them", () => {
    expect(theResource(full, "AWS::EC2::SecurityGroup", "WorkerSecurityGroup").Properties["SecurityGroupIngress"]).toEqual(
      everything.network.scrapers.map((range) => ({
        CidrIp: range,
        Description: "Prometheus",
        IpProtocol: "tcp",
        FromPort: SCRAPED,
        ToPort: SCRAPED,
      })),
    );
    expect(environmentOf(String(fullLaunch.UserData)).get("LADDERD_HTTP_HOST")).toBe("0.0.0.0");
    expect(environmentOf(script).has("LADDERD_HTTP_HOST")).toBe(false);
  });

  it("reaches S3 by the gateway that costs nothing, and has no NAT gateway unless it is asked for", () => {
    for (const template of [standard, full]) expectResource(template, "AWS::EC2::VPCEndpoint", { VpcEndpointType: "Gateway" });
    standard.resourceCountIs("AWS::EC2::NatGateway", 0);
    full.resourceCountIs("AWS::EC2::NatGateway", 1);
  });

  it("has as many zones as the settings say, by position and not by name", () => {
    expect(resourcesOf(standard, "AWS::EC2::Subnet")).toHaveLength(3);
    expect(resourcesOf(full, "AWS::EC2::Subnet")).toHaveLength(4);
    expect(launch.NetworkInterfaces).toMatchObject([{ AssociatePublicIpAddress: true }]);
    expect(fullLaunch).not.toHaveProperty("NetworkInterfaces");
  });

  it("may be one that is there already, whose subnets have a way out", () => {
    const network = { kind: "existing", vpcId: "vpc-0a0a0a0a", availabilityZones: ["us-east-1a"], subnetIds: ["subnet-0b0b0b0b"] };
    const template = templatesOf(readSettings({ network }))("fleet");
    template.resourceCountIs("AWS::EC2::VPC", 0);
    expectResource(template, "AWS::AutoScaling::AutoScalingGroup", { VPCZoneIdentifier: ["subnet-0b0b0b0b"] });
    expectResource(template, "AWS::EC2::SecurityGroup", { VpcId: "vpc-0a0a0a0a" });
  });

  it("logs what was refused, for a month", () => {
    expectResource(standard, "AWS::EC2::FlowLog", { TrafficType: "REJECT" });
    expect(resourcesOf(standard, "AWS::Logs::LogGroup").map(({ Properties }) => Properties)).toMatchObject([
      { LogGroupName: "/ladderd/worker", RetentionInDays: 30 },
      { LogGroupName: "/ladderd/flow", RetentionInDays: 30 },
    ]);
  });
});

describe("the workers' role", () => {
  const grantsOf = (template: typeof standard): readonly Statement[] =>
    resourcesOf(template, "AWS::IAM::Role")
      .filter(({ id }) => id.startsWith("WorkerRole"))
      .flatMap(({ Properties }) => (Array.isArray(Properties["Policies"]) ? [...Properties["Policies"]] : []))
      .flatMap(({ PolicyDocument }) => statementsOf(PolicyDocument));
  const grants = grantsOf(standard);
  const resourcesFor = (action: string, of = grants): readonly string[] =>
    of.filter(({ Action }) => Action.includes(action)).flatMap(({ Resource }) => Resource);

  it("may do what the README says that a worker does", () => {
    const [, section = ""] = /^## On EC2\n([^]*?)^## /m.exec(readFileSync(new URL("../../../README.md", import.meta.url), "utf8")) ?? [];
    const named = [...section.matchAll(/`((?:s3|sqs|autoscaling):\w+)`/g)].map(([, action]) => action);
    expect(named.length).toBeGreaterThan(15);
    expect(grants.flatMap(({ Action }) => Action)).toEqual(expect.arrayContaining(named));
  });

  it("has no managed policy, no second policy and no action with an asterisk", () => {
    expect(theResource(standard, "AWS::IAM::Role", "WorkerRole").Properties).not.toHaveProperty("ManagedPolicyArns");
    standard.resourceCountIs("AWS::IAM::Policy", 1);
    expect(theResource(standard, "AWS::IAM::Policy", "").id).toMatch(/^VpcRefused/);
    expect([...grants, ...grantsOf(full)].flatMap(({ Action }) => Action).filter((action) => action.includes("*"))).toEqual([]);
  });

  it("asks for everything only where an action knows no resources", () => {
    const wide = [...grants, ...grantsOf(full)].filter(({ Resource }) => Resource.includes("*")).flatMap(({ Action }) => Action);
    expect(new Set(wide)).toEqual(
      new Set([
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLifecycleHooks",
        "cloudwatch:PutMetricData",
        "ec2:DescribeTags",
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
      ]),
    );
  });

  it("reads sources, and writes and deletes none but its canaries", () => {
    expect(resourcesFor("s3:GetObject")).toContain("arn:<AWS::Partition>:s3:::ladderd-uploads-<AWS::AccountId>-us-east-1/*");
    const changed = [...resourcesFor("s3:PutObject"), ...resourcesFor("s3:DeleteObject")].filter((arn) => arn.includes("uploads"));
    expect(new Set(changed)).toEqual(new Set(["arn:<AWS::Partition>:s3:::ladderd-uploads-<AWS::AccountId>-us-east-1/ladderd-canary/*"]));
  });

  it("deletes in revisions and among its records, and so never what plays", () => {
    const published = resourcesFor("s3:DeleteObject").filter((arn) => arn.includes("published"));
    expect(published.map((arn) => arn.slice(arn.indexOf("/")))).toEqual(["/*/r/*", "/ladderd-canary/*"]);
  });

  it("ships the log and the figures of its machine where the agent's configuration sends them", () => {
    const agent = readFileSync(new URL("../../cloudwatch/agent.json", import.meta.url), "utf8");
    const { logs, metrics } = agentFile.parse(JSON.parse(agent));
    const [group] = logs.logs_collected.files.collect_list;
    expect(resourcesFor("logs:PutLogEvents")).toContain(
      `arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:${group.log_group_name}:*`,
    );
    expectResource(full, "AWS::Logs::LogGroup", { LogGroupName: group.log_group_name });
    expect(grants.find(({ Action }) => Action.includes("cloudwatch:PutMetricData"))?.Condition).toEqual({
      StringEquals: { "cloudwatch:namespace": metrics.namespace },
    });
  });

  it("receives from the job queue and sends to its dead letters", () => {
    expect(resourcesFor("sqs:ReceiveMessage")).toEqual(["arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:ladderd-jobs"]);
    expect(resourcesFor("sqs:SendMessage")).toEqual(["arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:ladderd-jobs-dead"]);
    expect(resourcesFor("sqs:ReceiveMessage", grantsOf(full))).toHaveLength(2);
  });

  it("tells the topics and the bus that the environment names, and no other", () => {
    const arn = (service: string, name: string) => `arn:aws:${service}:us-east-1:111122223333:${name}`;
    const environment = {
      LADDERD_NOTIFY_TOPIC_ARN: arn("sns", "videos"),
      LADDERD_COMPAT_NOTIFICATIONS: arn("sns", "watchers"),
      LADDERD_NOTIFY_EVENT_BUS_ARN: arn("events", "event-bus/videos"),
    };
    const told = grantsOf(templatesOf(readSettings({ environment }))("fleet"));
    expect(resourcesFor("sns:Publish", told)).toEqual([environment.LADDERD_NOTIFY_TOPIC_ARN, environment.LADDERD_COMPAT_NOTIFICATIONS]);
    expect(resourcesFor("events:PutEvents", told)).toEqual([environment.LADDERD_NOTIFY_EVENT_BUS_ARN]);
    expect(grants.flatMap(({ Action }) => Action).filter((action) => /^(?:sns|events):/.test(action))).toEqual([]);
  });

  it("ends, keeps and protects instances of its own group alone", () => {
    for (const action of ["CompleteLifecycleAction", "RecordLifecycleActionHeartbeat", "SetInstanceProtection"])
      expect(resourcesFor(`autoscaling:${action}`)).toEqual([
        "arn:<AWS::Partition>:autoscaling:<AWS::Region>:<AWS::AccountId>:autoScalingGroup:*:autoScalingGroupName/ladderd-workers",
      ]);
  });

  it("passes one role to one service, and only where MediaConvert is an engine", () => {
    const passing = grantsOf(full).filter(({ Action }) => Action.includes("iam:PassRole"));
    expect(passing).toEqual([
      expect.objectContaining({
        Resource: [expect.stringMatching(/MediaConvertRole/)],
        Condition: { StringEquals: { "iam:PassedToService": "mediaconvert.amazonaws.com" } },
      }),
    ]);
    expect(grants.flatMap(({ Action }) => Action).filter((action) => /^(?:iam|mediaconvert|elastictranscoder|ssm)/.test(action))).toEqual(
      [],
    );
  });
});
