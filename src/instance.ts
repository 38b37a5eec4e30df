import { createAutoScaling } from "./aws/auto-scaling.ts";
import type { Credentials } from "./aws/credentials.ts";
import type { DaemonConfig } from "./config/config.ts";
import type { HandleNoticesOptions, NoticeHandling } from "./lifecycle/handle-notices.ts";
import { handleNotices, isLeaving } from "./lifecycle/handle-notices.ts";
import type { Imds } from "./lifecycle/imds.ts";
import { protectWhileBusy } from "./lifecycle/scale-in-protection.ts";
import type { Logger } from "./telemetry/logger.ts";

/** The EC2 instance that the worker runs on. */
export interface Instance {
  /** Whether it is about to go, so that there is no use in starting. */
  isLeaving(): Promise<boolean>;
  /** Stops the worker as the instance's notices ask, and keeps the instance while jobs run, when that is configured. */
  watch(worker: WatchedWorker): NoticeHandling;
}

/** What is done with the worker, and asked of it. */
export interface WatchedWorker extends Pick<HandleNoticesOptions, "drain" | "cancel" | "exit"> {
  readonly runningJobs: () => number;
}

/** Connects the instance's metadata and its Auto Scaling group to what they decide. */
export function watchedInstance(
  config: Pick<DaemonConfig, "region" | "autoScalingEndpoint" | "scaleInProtection">,
  { imds, logger, credentials }: { readonly imds: Imds; readonly logger: Logger; readonly credentials: Credentials },
): Instance {
  const autoScaling = createAutoScaling({ region: config.region, endpoint: config.autoScalingEndpoint, credentials });
  const shared = { imds, autoScaling, logger };
  return {
    isLeaving: () => isLeaving(shared),
    watch: ({ runningJobs, ...worker }) => {
      const handling = handleNotices({ ...shared, ...worker });
      const protection = config.scaleInProtection
        ? protectWhileBusy({ autoScaling, instanceId: () => imds.read("instance-id"), runningJobs, logger })
        : undefined;
      return {
        drained: handling.drained,
        [Symbol.asyncDispose]: async () => {
          await Promise.all([handling[Symbol.asyncDispose](), protection?.[Symbol.asyncDispose]()]);
        },
      };
    },
  };
}
