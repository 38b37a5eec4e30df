import { Aws } from "aws-cdk-lib";

import type { FleetPolicy } from "./fleet-policy.ts";
import type { Names } from "./names.ts";
import type { Settings } from "./settings.ts";

interface EnvironmentProps {
  readonly settings: Settings;
  readonly policy: FleetPolicy;
  readonly names: Names;
  readonly queues: { readonly jobsUrl: string; readonly eventsUrl: string };
  readonly mediaConvert: { readonly roleArn: string; readonly queueArn: string } | undefined;
}

/** The CloudWatch namespace of what the workers of a deployment count. */
export const metricNamespace = (name: string): string => name;

const GC_HOURS = 6;

/** The lines of /etc/ladderd/ladderd.env. What `environment` of the settings says wins. */
export function workerEnvironment({ settings, policy, names, queues, mediaConvert }: EnvironmentProps): Readonly<Record<string, string>> {
  const hasManagedEngine = settings.engines.some((engine) => engine !== "ffmpeg");
  return {
    NODE_ENV: "production",
    AWS_REGION: settings.region,
    LADDERD_QUEUE_URL: queues.jobsUrl,
    ...(hasManagedEngine ? { LADDERD_EVENTS_QUEUE_URL: queues.eventsUrl } : {}),
    LADDERD_UPLOAD_BUCKETS: names.uploads,
    LADDERD_PUBLISH_BUCKET: names.published,
    LADDERD_STATE_BUCKET: names.state,
    LADDERD_S3_BUCKET_OWNER: Aws.ACCOUNT_ID,
    LADDERD_ENGINES: settings.engines.join(","),
    ...(mediaConvert ? { LADDERD_MEDIACONVERT_ROLE: mediaConvert.roleArn, LADDERD_MEDIACONVERT_QUEUE: mediaConvert.queueArn } : {}),
    LADDERD_WORK_DIR: "/var/lib/ladderd/work",
    LADDERD_CONCURRENCY: String(policy.slotsPerInstance),
    // One worker an instance: it keeps scale-in away from an encode.
    LADDERD_SCALE_IN_PROTECTION: "true",
    LADDERD_GC_EVERY_HOURS: String(GC_HOURS),
    LADDERD_EMF_NAMESPACE: metricNamespace(settings.name),
    ...(settings.network.scrapers.length > 0 ? { LADDERD_HTTP_HOST: "0.0.0.0" } : {}),
    ...settings.environment,
  };
}
