import * as ec2 from "aws-cdk-lib/aws-ec2";
import type * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";

import type { Network } from "./network.ts";
import type { Settings } from "./settings.ts";
import { PACKAGES, userData } from "./user-data.ts";

interface LaunchProps {
  readonly settings: Settings;
  readonly environment: Readonly<Record<string, string>>;
  readonly role: iam.Role;
  readonly network: Network;
}

const ROOT_GIB = 16;

/** Creates the launch template: IMDSv2 with one hop, encrypted volumes, nobody's SSH key, no address from outside unless it is needed. */
export function createLaunchTemplate(scope: Construct, { settings, environment, role, network }: LaunchProps): ec2.LaunchTemplate {
  const { instances, region, name } = settings;
  const template = new ec2.LaunchTemplate(scope, "LaunchTemplate", {
    launchTemplateName: `${name}-worker`,
    // Resolved at each launch: new instances have the newest image, and a synthesis asks nobody.
    machineImage: ec2.MachineImage.resolveSsmParameterAtLaunch(imageParameter(instances), {
      os: ec2.OperatingSystemType.LINUX,
      userData: userData({ instances, region, environment }),
    }),
    role,
    securityGroup: network.securityGroup,
    requireImdsv2: true,
    httpTokens: ec2.LaunchTemplateHttpTokens.REQUIRED,
    // A container or a network namespace would be a second hop: credentials stay with the machine itself.
    httpPutResponseHopLimit: 1,
    instanceMetadataTags: false,
    ebsOptimized: true,
    detailedMonitoring: false,
    // An instance that could not be prepared ends itself.
    instanceInitiatedShutdownBehavior: ec2.InstanceInitiatedShutdownBehavior.TERMINATE,
    blockDevices: [rootVolume(instances.operatingSystem), ...workVolume(instances.workVolume)],
    ...(network.hasPublicAddresses ? { associatePublicIpAddress: true } : {}),
  });
  return template;
}

type Instances = Settings["instances"];

/** The public parameters in which Canonical and Debian keep the ids of their newest images. */
function imageParameter({ operatingSystem, architecture }: Instances): string {
  const packages = PACKAGES[architecture];
  const parameters = {
    "ubuntu-24.04": `/aws/service/canonical/ubuntu/server/24.04/stable/current/${packages}/hvm/ebs-gp3/ami-id`,
    "debian-12": `/aws/service/debian/release/12/latest/${packages}`,
  };
  return parameters[operatingSystem];
}

/** Names as in the images: another one would be one more volume beside the root, which then keeps its own size. */
const ROOT_DEVICES = { "ubuntu-24.04": "/dev/sda1", "debian-12": "/dev/xvda" } as const;

const rootVolume = (operatingSystem: Instances["operatingSystem"]): ec2.BlockDevice => ({
  deviceName: ROOT_DEVICES[operatingSystem],
  volume: ec2.BlockDeviceVolume.ebs(ROOT_GIB, { volumeType: ec2.EbsDeviceVolumeType.GP3, encrypted: true, deleteOnTermination: true }),
});

/** Instance store is there by the type of the instance, and encrypted by its hardware. */
function workVolume(volume: Instances["workVolume"]): readonly ec2.BlockDevice[] {
  if (volume.kind === "instance-store") return [];
  const { sizeGiB, iops, throughputMiBs: throughput } = volume;
  const options = { volumeType: ec2.EbsDeviceVolumeType.GP3, encrypted: true, deleteOnTermination: true, iops, throughput } as const;
  return [{ deviceName: "/dev/sdf", volume: ec2.BlockDeviceVolume.ebs(sizeGiB, options) }];
}
