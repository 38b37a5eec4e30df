import type { Logger } from "../telemetry/logger.ts";
import type { AutoScaling } from "./auto-scaling.ts";

export interface ProtectionOptions {
  readonly autoScaling: Pick<AutoScaling, "groupOf" | "protect">;
  readonly instanceId: () => Promise<string | undefined>;
  readonly runningJobs: () => number;
  readonly logger: Pick<Logger, "info" | "warn">;
}

/** Between two looks; no more calls than one a look, however many jobs come and go. */
const EVERY_MS = 10_000;
/** A queue that still brings work sets the protection once, not once a job. */
const IDLE_LOOKS = 6;
const LAST_CALL_MS = 2000;

/** Whether to protect now; undefined when it may stay as it is. */
export function wantedProtection(busy: boolean, idleLooks: number, current: boolean | undefined): boolean | undefined {
  if (busy) return current === true ? undefined : true;
  return idleLooks >= IDLE_LOOKS && current !== false ? false : undefined;
}

/**
 * Protects this instance from scale-in within 10 s of a job's start and ends that a minute after the last one, and when it
 * is disposed of (R-D10). Best effort: jobs never wait for it, and failures are logged when they begin.
 */
export function protectWhileBusy({ autoScaling, instanceId: ask, runningJobs, logger }: ProtectionOptions): AsyncDisposable {
  let [current, idleLooks, failing]: [boolean | undefined, number, boolean] = [undefined, 0, false];
  let [timer, ended]: [NodeJS.Timeout | undefined, boolean] = [undefined, false];
  const set = async (enabled: boolean): Promise<void> => {
    try {
      const instanceId = await ask();
      const group = instanceId === undefined ? undefined : await autoScaling.groupOf(instanceId);
      if (instanceId === undefined || group === undefined) throw new Error("this instance is in no Auto Scaling group");
      await autoScaling.protect({ group, instanceId, enabled });
      logger.info({ enabled }, "scale-in protection set");
      [current, failing] = [enabled, false];
    } catch (err) {
      if (!failing) logger.warn({ err }, "scale-in protection not set; trying again");
      failing = true;
    }
  };
  const round = async (): Promise<void> => {
    const busy = runningJobs() > 0;
    idleLooks = busy ? 0 : idleLooks + 1;
    const wanted = wantedProtection(busy, idleLooks, current);
    if (wanted !== undefined) await set(wanted);
    if (!ended) timer = setTimeout(() => void round(), EVERY_MS);
  };
  void round();
  return {
    [Symbol.asyncDispose]: async () => {
      ended = true;
      clearTimeout(timer);
      if (current !== true) return;
      const limit = Promise.withResolvers<void>();
      const lastCall = setTimeout(limit.resolve, LAST_CALL_MS);
      await Promise.race([set(false), limit.promise]).finally(() => clearTimeout(lastCall));
    },
  };
}
