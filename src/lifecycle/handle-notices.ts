import type { Logger } from "../telemetry/logger.ts";
import type { AutoScaling } from "./auto-scaling.ts";
import type { Imds } from "./imds.ts";
import type { Notice } from "./notices.ts";
import { lookForNotices } from "./notices.ts";
import type { Termination } from "./termination.ts";
import { holdTermination } from "./termination.ts";
import { watchNotices } from "./watch-notices.ts";

export interface HandleNoticesOptions {
  readonly imds: Imds;
  readonly autoScaling: AutoScaling;
  /** Take nothing new and end when what runs has finished. */
  readonly drain: (why: Notice) => void;
  /** End and give back what runs. */
  readonly cancel: () => void;
  readonly exit: (code: number) => void;
  readonly logger: Pick<Logger, "info" | "warn" | "error">;
  readonly everyMs?: number;
}

/** The watch over this instance's notices. */
export interface NoticeHandling extends AsyncDisposable {
  /** To be called when nothing runs any more: lets an Auto Scaling group that waits for us go on. */
  drained(): Promise<void>;
}

/** Of the two minutes that a Spot notice leaves, one belongs to whoever stops the machine (R-D9). */
const SPOT_MS = 60_000;

const TEXTS: Readonly<Record<Notice, string>> = {
  spot: "Spot takes this instance back: running jobs are given back now",
  asg: "the Auto Scaling group ends this instance: running jobs may finish",
  rebalance: "this instance is likely to be taken back: running jobs may finish",
};

/** Stops the worker as each notice asks (R-D9): Spot cancels, a terminating group and a rebalance recommendation drain. */
export function handleNotices(options: HandleNoticesOptions): NoticeHandling {
  const { imds, drain, cancel, exit, logger, everyMs } = options;
  let termination: Termination | undefined;
  let limit: NodeJS.Timeout | undefined;
  const reactions: Readonly<Record<Notice, () => void>> = {
    spot: () => {
      cancel();
      limit = setTimeout(() => {
        logger.error("not everything was given back in time");
        exit(1);
      }, SPOT_MS);
    },
    asg: () => {
      termination = terminationOf(options);
    },
    rebalance: () => undefined,
  };
  const watch = watchNotices({
    look: () => lookForNotices(imds),
    onNotice: (notice) => {
      logger.warn({ notice }, TEXTS[notice]);
      drain(notice);
      reactions[notice]();
    },
    logger,
    ...(everyMs === undefined ? {} : { everyMs }),
  });
  return {
    drained: async () => termination?.complete(),
    [Symbol.asyncDispose]: async () => {
      clearTimeout(limit);
      watch[Symbol.dispose]();
    },
  };
}

/**
 * Whether the worker should not even start, because this instance is about to go; a group that waits for us is then told
 * to go on. Without it a supervisor's restart would take new work on a machine that has a minute left. Never rejects.
 */
export async function isLeaving(options: Pick<HandleNoticesOptions, "imds" | "autoScaling" | "logger">): Promise<boolean> {
  const { notices } = await lookForNotices(options.imds);
  if (notices.includes("asg")) await terminationOf(options).complete();
  if (notices.length > 0) options.logger.warn({ notices }, "not starting: this instance is about to go");
  return notices.length > 0;
}

const terminationOf = ({ imds, autoScaling, logger }: Pick<HandleNoticesOptions, "imds" | "autoScaling" | "logger">): Termination =>
  holdTermination({ autoScaling, instanceId: () => imds.read("instance-id"), logger });
