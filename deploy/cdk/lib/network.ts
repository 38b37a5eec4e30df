import { Fn, RemovalPolicy } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as logs from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";

import { acknowledge } from "./acknowledge.ts";
import { retentionOf } from "./retention.ts";
import type { Settings } from "./settings.ts";

/** Where the workers run. */
export interface Network {
  readonly vpc: ec2.IVpc;
  readonly subnets: ec2.SubnetSelection;
  readonly securityGroup: ec2.SecurityGroup;
  readonly hasPublicAddresses: boolean;
}

interface NetworkProps {
  readonly name: string;
  readonly network: Settings["network"];
}

const FLOW_LOG_DAYS = 30;
/** The worker's own (http.port). */
const METRICS_PORT = 9464;

/**
 * Creates the network, or takes the one that is named. Nothing may come in but scrapes of the metrics, where
 * `network.scrapers` names who. S3 is reached by a gateway endpoint, which is free;
 * a NAT gateway, which is not, exists only where `network.kind` is `nat`.
 */
export function createNetwork(scope: Construct, { name, network }: NetworkProps): Network {
  const vpc = network.kind === "existing" ? existingVpc(scope, network) : newVpc(scope, name, network);
  const securityGroup = new ec2.SecurityGroup(scope, "WorkerSecurityGroup", {
    vpc,
    description: "Workers of ladderd: HTTP and HTTPS go out",
    allowAllOutbound: false,
  });
  securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(443), "AWS, package and CodeDeploy downloads");
  securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(80), "Debian and Ubuntu mirrors, whose packages are signed");
  for (const range of network.scrapers) securityGroup.addIngressRule(ec2.Peer.ipv4(range), ec2.Port.tcp(METRICS_PORT), "Prometheus");
  return {
    vpc,
    securityGroup,
    subnets: subnetsOf(network),
    hasPublicAddresses: network.kind === "public",
  };
}

const subnetsOf = ({ kind }: Settings["network"]): ec2.SubnetSelection => ({
  subnetType: kind === "public" ? ec2.SubnetType.PUBLIC : ec2.SubnetType.PRIVATE_WITH_EGRESS,
});

type ExistingNetwork = Extract<Settings["network"], { kind: "existing" }>;

function existingVpc(scope: Construct, { vpcId, availabilityZones, subnetIds }: ExistingNetwork): ec2.IVpc {
  const vpc = ec2.Vpc.fromVpcAttributes(scope, "Vpc", { vpcId, availabilityZones, privateSubnetIds: subnetIds });
  acknowledge(vpc, "@aws-cdk/aws-ec2:noSubnetRouteTableId", "Nothing here asks for a route table.");
  return vpc;
}

function newVpc(scope: Construct, name: string, network: Exclude<Settings["network"], ExistingNetwork>): ec2.IVpc {
  const isPublic = network.kind === "public";
  const publicSubnets = { name: "public", subnetType: ec2.SubnetType.PUBLIC, cidrMask: 20, mapPublicIpOnLaunch: isPublic };
  const privateSubnets = { name: "private", subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 };
  const vpc = new ec2.Vpc(scope, "Vpc", {
    vpcName: name,
    // By position: names differ by account, and a look-up would need one.
    availabilityZones: Array.from({ length: network.zones }, (_, index) => Fn.select(index, Fn.getAzs())),
    natGateways: isPublic ? 0 : network.gateways,
    subnetConfiguration: isPublic ? [publicSubnets] : [publicSubnets, privateSubnets],
    gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
    restrictDefaultSecurityGroup: false,
  });
  vpc.addFlowLog("Refused", {
    // What was let through is the media itself: its flow would cost more than it tells.
    trafficType: ec2.FlowLogTrafficType.REJECT,
    destination: ec2.FlowLogDestination.toCloudWatchLogs(
      new logs.LogGroup(scope, "FlowLog", {
        logGroupName: `/${name}/flow`,
        retention: retentionOf(FLOW_LOG_DAYS),
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    ),
  });
  return vpc;
}
