import type { Logger } from "../telemetry/logger.ts";
import type { AutoScaling, LifecycleAction } from "./auto-scaling.ts";

export interface TerminationOptions {
  readonly autoScaling: AutoScaling;
  readonly instanceId: () => Promise<string | undefined>;
  readonly logger: Pick<Logger, "info" | "warn">;
}

/** An Auto Scaling group's wait for us. */
export interface Termination {
  /** Ends the heartbeats and lets the group go on; resolves within 15 s whether it could be told or not. */
  complete(): Promise<void>;
}

type HeldAction = LifecycleAction & { readonly timeoutSeconds: number };

/** One lost heartbeat leaves two more before the hook's timeout. */
const BEATS_PER_TIMEOUT = 3;
const TRY_AGAIN_MS = 20_000;
const COMPLETE_MS = 15_000;
const COMPLETE_TRIES = 3;
const COMPLETE_PAUSE_MS = 1000;

/**
 * Keeps the terminating hooks of this instance's group from running out while jobs finish, until `complete` (R-D10).
 * Best effort: failures are logged when they begin and tried again.
 */
export function holdTermination(options: TerminationOptions): Termination {
  const { autoScaling, logger } = options;
  let found: Promise<readonly HeldAction[]> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let [failing, ended] = [false, false];
  const actions = async (): Promise<readonly HeldAction[]> => {
    found ??= findActions(options);
    found.catch(() => (found = undefined));
    return found;
  };
  /** Milliseconds until the next one; undefined when there is nothing to hold. */
  const beat = async (): Promise<number | undefined> => {
    try {
      const held = await actions();
      for (const action of held) await autoScaling.heartbeat(action);
      failing = false;
      return held.length > 0 ? (Math.min(...held.map(({ timeoutSeconds }) => timeoutSeconds)) * 1000) / BEATS_PER_TIMEOUT : undefined;
    } catch (err) {
      if (!failing) logger.warn({ err }, "no heartbeat to the lifecycle hook; trying again");
      failing = true;
      return TRY_AGAIN_MS;
    }
  };
  const round = async (): Promise<void> => {
    const waitMs = await beat();
    if (!ended && waitMs !== undefined) timer = setTimeout(() => void round(), waitMs);
  };
  void round();
  return {
    complete: async () => {
      ended = true;
      clearTimeout(timer);
      await within(COMPLETE_MS, () => completeAll({ actions, autoScaling, logger }));
    },
  };
}

async function findActions({ autoScaling, instanceId: ask }: TerminationOptions): Promise<readonly HeldAction[]> {
  const instanceId = await ask();
  const group = instanceId === undefined ? undefined : await autoScaling.groupOf(instanceId);
  if (instanceId === undefined || group === undefined) return [];
  const hooks = await autoScaling.terminationHooks(group);
  return hooks.map(({ name, timeoutSeconds }) => ({ group, instanceId, hook: name, timeoutSeconds }));
}

interface CompleteParts extends Pick<TerminationOptions, "autoScaling" | "logger"> {
  readonly actions: () => Promise<readonly HeldAction[]>;
}

async function completeAll({ actions, autoScaling, logger }: CompleteParts): Promise<void> {
  for (let left = COMPLETE_TRIES - 1; ; left -= 1) {
    try {
      const held = await actions();
      await Promise.all(held.map((action) => autoScaling.complete(action)));
      for (const { group, hook } of held) logger.info({ group, hook }, "lifecycle action completed");
      return;
    } catch (err) {
      if (left === 0) return logger.warn({ err }, "lifecycle action not completed; it ends with the hook's timeout");
    }
    await new Promise((resolve) => setTimeout(resolve, COMPLETE_PAUSE_MS));
  }
}

async function within(limitMs: number, act: () => Promise<void>): Promise<void> {
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(limit.resolve, limitMs);
  await Promise.race([act(), limit.promise]).finally(() => clearTimeout(timer));
}
