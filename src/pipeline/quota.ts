import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ResourceError } from "../domain/errors.ts";
import { freeBytes, usedBytes } from "./disk.ts";

/** A folder and how much it may grow while something works in it. */
export interface Quota {
  readonly folder: string;
  readonly growthBytes: number;
  readonly everyMs?: number;
}

const EVERY_MS = 5000;
/** What a packager or an encoder has not flushed, and files that take a block each. */
const SLACK_BYTES = 256 * 1024 * 1024;
/** The caps hold on average, and an estimate may be wrong. */
const HEADROOM = 2;

/** How far a job's folder may outgrow what was found to be enough for it (R-X10): twice that, and what a copy of the source takes. */
export const growthAllowed = (neededBytes: number, sourceBytes: number): number => HEADROOM * neededBytes + sourceBytes + SLACK_BYTES;

/**
 * Works with a signal that aborts when the folder has grown beyond its quota (R-X4), with ResourceError resource_limit, or
 * disk_full where nothing is left of the disk: then it need not be this job's fault.
 */
export async function withinQuota<T>(quota: Quota, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const before = await usedBytes(quota.folder);
  signal.throwIfAborted();
  const [ended, exceeded] = [new AbortController(), new AbortController()];
  const watching = watch({ ...quota, mayHoldBytes: before + quota.growthBytes }, ended.signal, (why) => exceeded.abort(why));
  try {
    return await work(AbortSignal.any([signal, exceeded.signal]));
  } catch (error) {
    signal.throwIfAborted();
    exceeded.signal.throwIfAborted();
    throw error;
  } finally {
    ended.abort();
    await watching;
  }
}

async function watch(
  { folder, mayHoldBytes, everyMs = EVERY_MS }: Quota & { readonly mayHoldBytes: number },
  ended: AbortSignal,
  exceed: (why: ResourceError) => void,
): Promise<void> {
  while (await sleep(everyMs, true, { signal: ended, ref: false }).catch(() => false)) {
    const used = await usedBytes(folder);
    if (used > mayHoldBytes) return exceed(overQuota({ used, mayHoldBytes, free: await freeBytes(dirname(folder)) }));
  }
}

function overQuota({
  used,
  mayHoldBytes,
  free,
}: {
  readonly used: number;
  readonly mayHoldBytes: number;
  readonly free: number;
}): ResourceError {
  const what = `the job's folder holds ${used} bytes, ${Math.ceil(mayHoldBytes)} are its share`;
  return free < SLACK_BYTES ? new ResourceError("disk_full", `${what}, and ${free} are free`) : new ResourceError("resource_limit", what);
}
