/**
 * What `cdk` runs: the stacks of the settings file that the context names (`-c settings=FILE`, docs/aws.md), of the defaults
 * without one.
 */
import { addStacks, openApp } from "../lib/app.ts";
import { loadFleetPolicy } from "../lib/fleet-policy.ts";
import { loadSettings } from "../lib/settings.ts";

const app = openApp();
const file: unknown = app.node.tryGetContext("settings");
addStacks(app, { settings: loadSettings(typeof file === "string" ? file : undefined), policy: loadFleetPolicy() });
app.synth();
