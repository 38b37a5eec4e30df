import { readFileSync } from "node:fs";
import { join } from "node:path";

import { App, Stack, Tags, Validations } from "aws-cdk-lib";
import type { AutoScalingGroup } from "aws-cdk-lib/aws-autoscaling";
import { AwsSolutionsChecks } from "cdk-nag";
import { z } from "zod";

import type { Alarms } from "./alarms.ts";
import { createAlarms } from "./alarms.ts";
import { createDashboard } from "./dashboard.ts";
import type { Data } from "./data-stack.ts";
import { createData } from "./data-stack.ts";
import { metricNamespace } from "./environment.ts";
import type { FleetPolicy } from "./fleet-policy.ts";
import { createWorkers } from "./fleet-stack.ts";
import type { Names } from "./names.ts";
import { namesOf } from "./names.ts";
import { createPipeline } from "./pipeline.ts";
import { createReplicas } from "./recovery.ts";
import type { Settings } from "./settings.ts";

interface AppProps {
  /** Where the assembly is written; where `cdk` says, or a temporary folder, unless it is given. */
  readonly outdir?: string | undefined;
  /** Whether templates and rules are checked as they are synthesized, which takes seconds; they are unless it is false. */
  readonly isChecked?: boolean;
}

const cdkJson = z.object({ context: z.record(z.string(), z.unknown()) });

/** The library's switches for new projects, as `cdk` itself would read them. */
const switches = (): Record<string, unknown> =>
  cdkJson.parse(JSON.parse(readFileSync(join(import.meta.dirname, "../cdk.json"), "utf8"))).context;

/** An app without stacks, which holds everything in it against cdk-nag's AwsSolutions rules as it is synthesized. */
export function openApp({ outdir, isChecked = true }: AppProps = {}): App {
  const app = new App({
    context: switches(),
    builtinCloudFormationValidation: isChecked,
    analyticsReporting: false,
    ...(outdir === undefined ? {} : { outdir }),
  });
  if (isChecked) Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}

interface Deployment {
  readonly settings: Settings;
  readonly policy: FleetPolicy;
}

/**
 * Adds the stacks of a deployment: `data` (kept whatever happens), `fleet`, `watch`, `pipeline` where there is a source, and `copies`
 * in the other region where there is one.
 */
export function addStacks(app: App, { settings, policy }: Deployment): void {
  Tags.of(app).add("project", settings.name);
  const names = namesOf(settings);
  const stackOf = (kind: string, description: string, region = settings.region): Stack =>
    new Stack(app, `${settings.name}-${kind}`, {
      description,
      env: { region },
      terminationProtection: kind === "data" || kind === "copies",
    });

  const copies = settings.recovery.replicaRegion;
  const replicas = copies === undefined ? undefined : stackOf("copies", "Copies of the buckets of ladderd", copies);
  if (replicas) createReplicas(replicas, names, settings);

  const dataStack = stackOf("data", "Buckets, queues and delivery of ladderd");
  if (replicas) dataStack.addStackDependency(replicas);
  const data = createData(dataStack, settings, names);
  const fleetStack = stackOf("fleet", "Workers of ladderd");
  const group = createWorkers(fleetStack, { settings, policy, names, data });
  const alarms = watch(stackOf("watch", "Alarms and dashboard of ladderd"), { settings, policy, names, data, group });
  if (settings.source) {
    const pipelineStack = stackOf("pipeline", "From a commit to the workers of ladderd");
    pipelineStack.addStackDependency(fleetStack);
    createPipeline(pipelineStack, {
      settings,
      source: settings.source,
      policy,
      artifacts: names.artifacts,
      workers: names.workers,
      rollbackOn: alarms.rollback,
      alarmTopic: alarms.topic,
    });
  }
}

interface WatchProps {
  readonly settings: Settings;
  readonly policy: FleetPolicy;
  readonly names: Names;
  readonly data: Data;
  readonly group: AutoScalingGroup;
}

function watch(stack: Stack, { settings, policy, names, data, group }: WatchProps): Alarms {
  const watched = {
    name: settings.name,
    settings: settings.alarms,
    policy,
    namespace: metricNamespace(settings.name),
    jobs: data.queues.jobs,
    deadLetters: [data.queues.deadJobs, data.queues.deadEvents],
    group,
  };
  const alarms = createAlarms(stack, watched);
  createDashboard(stack, { ...watched, name: names.global, distributionId: data.distribution.distributionId, alarms: alarms.all });
  return alarms;
}
