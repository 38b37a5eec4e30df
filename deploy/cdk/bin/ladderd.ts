/**
 * What `cdk` runs: the stacks of the settings file named by the context `settings` (docs/aws.md), of the defaults without one.
 */
import { App } from "aws-cdk-lib";

import { buildApp } from "../lib/app.ts";
import { loadFleetPolicy } from "../lib/fleet-policy.ts";
import { loadSettings } from "../lib/settings.ts";

const file: unknown = new App().node.tryGetContext("settings");
const settings = loadSettings(typeof file === "string" ? file : undefined);
buildApp({ settings, policy: loadFleetPolicy() }).synth();
