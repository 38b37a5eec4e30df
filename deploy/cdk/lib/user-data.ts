import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as ec2 from "aws-cdk-lib/aws-ec2";

import type { Settings } from "./settings.ts";

interface UserDataProps {
  readonly instances: Settings["instances"];
  readonly region: string;
  /** The worker's environment file. */
  readonly environment: Readonly<Record<string, string>>;
}

const PREPARE = join(import.meta.dirname, "../instance/prepare.sh");

/** What a new instance runs once, as root: a few assignments, then instance/prepare.sh. */
export function userData({ instances, region, environment }: UserDataProps): ec2.UserData {
  const data = ec2.UserData.forLinux({ shebang: "#!/bin/bash" });
  data.addCommands(
    `REGION='${region}'`,
    `DISTRIBUTION='${instances.operatingSystem === "debian-12" ? "debian" : "ubuntu"}'`,
    `PACKAGES='${PACKAGES[instances.architecture]}'`,
    `WORK_VOLUME='${instances.workVolume.kind}'`,
    `ENVIRONMENT='${Object.entries(environment)
      .map(([name, value]) => `${name}=${value}`)
      .join("\n")}'`,
    readFileSync(PREPARE, "utf8"),
  );
  return data;
}

/** What Debian calls the processors. */
export const PACKAGES = { arm64: "arm64", x86_64: "amd64" } as const;
