/**
 * Synthesizes the defaults, everything, an existing network, and the defaults with an open bucket among them, with all checks. Prints what was found in each
 * as JSON. A program of its own: the checks take seconds, and a finding decides the exit code of its process.
 * Usage: judge-process.ts FOLDER
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { App } from "aws-cdk-lib";
import { Stack } from "aws-cdk-lib";
import * as s3 from "aws-cdk-lib/aws-s3";
import { z } from "zod";

import { addStacks, openApp } from "../lib/app.ts";
import { loadFleetPolicy } from "../lib/fleet-policy.ts";
import type { Settings } from "../lib/settings.ts";
import { loadSettings, readSettings } from "../lib/settings.ts";

const report = z.object({
  pluginReports: z.array(z.object({ pluginName: z.string(), violations: z.array(z.object({ ruleName: z.string() })) })),
});
const manifest = z.object({ missing: z.array(z.unknown()).default([]) });
const [, , folder = "."] = process.argv;
const policy = loadFleetPolicy();

function judge(name: string, settings: Settings, change: (app: App) => void = () => undefined) {
  const outdir = join(folder, name);
  const app = openApp({ outdir });
  addStacks(app, { settings, policy });
  change(app);
  try {
    app.synth();
  } catch {
    // What was found stands in the report.
  }
  const read = (file: string): unknown => JSON.parse(readFileSync(join(outdir, file), "utf8"));
  const { pluginReports } = report.parse(read("validation-report.json"));
  return {
    findings: pluginReports.flatMap(({ pluginName, violations }) => violations.map(({ ruleName }) => `${pluginName}: ${ruleName}`)),
    lookUps: manifest.parse(read("manifest.json")).missing.length,
  };
}

function addOpenBucket(app: App): void {
  const stack = app.node.tryFindChild("ladderd-data");
  if (stack instanceof Stack) new s3.Bucket(stack, "Open", { blockPublicAccess: s3.BlockPublicAccess.BLOCK_ACLS_ONLY });
}

const EXISTING = { kind: "existing", vpcId: "vpc-0a0a0a0a", availabilityZones: ["us-east-1a"], subnetIds: ["subnet-0b0b0b0b"] };
const defaults = loadSettings(undefined);
const judged = {
  defaults: judge("defaults", defaults),
  everything: judge("everything", loadSettings(join(import.meta.dirname, "../settings/everything.json"))),
  existing: judge("existing", readSettings({ network: EXISTING, source: null })),
  open: judge("open", defaults, addOpenBucket),
};
process.exitCode = 0;
console.log(JSON.stringify(judged));
