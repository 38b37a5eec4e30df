import { LeaseLostError, ResourceError, ShutdownError } from "../domain/errors.ts";

/** How an extension ended; a metric label. */
export type ExtensionResult = "ok" | "failed" | "lost";

export interface LeaseOptions {
  /** Sets the message's visibility, counted from the call; throws LeaseLostError when the message is no longer ours. */
  readonly extend: (visibilitySeconds: number) => Promise<void>;
  readonly visibilitySeconds: number;
  readonly everySeconds: number;
  /** The lease counts as lost when no more than this is left of it: time to kill what runs before another starts. */
  readonly marginSeconds: number;
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
  /** When it began, by that clock; now when undefined. */
  readonly since?: number;
  /** When it aborts, the lease's signal does too, with its reason; the extensions go on until the release. */
  readonly signal?: AbortSignal;
  readonly onExtension?: (result: ExtensionResult) => void;
}

/** The right to act on a message. */
export interface Lease extends AsyncDisposable {
  /**
   * Aborts with LeaseLostError, with the given signal's reason, or after 11 hours: with ResourceError resource_limit when what
   * runs then had that time to itself, else with a ShutdownError.
   */
  readonly signal: AbortSignal;
  remainingSeconds(): number;
  /** Says that a job begins; throws as `check` does, and a ShutdownError when those before it took all the time. */
  begin(): void;
  /**
   * Throws unless the lease holds by the clock: for the moment before a write (a frozen process wakes late). A LeaseLostError
   * when it is lost, whatever else the signal aborted for before; else the signal's reason.
   */
  check(): void;
  /** Stops extending. An extension that is under way is awaited by the disposal, so that it cannot undo the settlement. */
  release(): void;
}

/** SQS ends a message's invisibility 12 hours after its receive, whatever the extensions; the job ends an hour before. */
const JOB_LIMIT_SECONDS = 11 * 3600;
/** A job that began later did not have the time of one. */
const ALONE_WITHIN_SECONDS = 3600;
const SQS_LIMIT_SECONDS = 12 * 3600 - 60;
const RETRY_EXTENSION_SECONDS = 5;

/** Holds a message that was received just now: extends its visibility until the release, aborts `signal` when it cannot. */
export function holdLease(options: LeaseOptions): Lease {
  const { visibilitySeconds, everySeconds, marginSeconds, signal: outer, clock = () => performance.now(), onExtension } = options;
  const ended = new AbortController();
  const startedAt = options.since ?? clock();
  let extendedAt = startedAt;
  let released = false;
  let lost: LeaseLostError | undefined;
  let begunAt = startedAt;
  let isOver = false;
  let extension = Promise.resolve();
  const timers: { extend?: NodeJS.Timeout; expire?: NodeJS.Timeout; limit?: NodeJS.Timeout } = {};

  const remainingSeconds = (): number => visibilitySeconds - (clock() - extendedAt) / 1000;
  const stop = (): void => {
    released = true;
    for (const timer of Object.values(timers)) clearTimeout(timer);
    outer?.removeEventListener("abort", onOuterAbort);
  };
  const lose = (error: LeaseLostError): void => {
    if (released) return;
    stop();
    lost = error;
    ended.abort(error);
    onExtension?.("lost");
  };
  const loseIfExpired = (): void => {
    if (remainingSeconds() <= marginSeconds)
      lose(new LeaseLostError("the lease ran out: its extensions failed or the process stood still"));
  };
  const watchExpiry = (): void => {
    clearTimeout(timers.expire);
    timers.expire = setTimeout(loseIfExpired, Math.max(0, remainingSeconds() - marginSeconds) * 1000 + 1);
  };
  const extendAfter = (seconds: number): void => {
    timers.extend = setTimeout(() => {
      extension = extendOnce();
    }, seconds * 1000);
  };
  const extendOnce = async (): Promise<void> => {
    loseIfExpired();
    const calledAt = clock();
    if (released || (calledAt - startedAt) / 1000 + visibilitySeconds > SQS_LIMIT_SECONDS) return;
    try {
      await options.extend(visibilitySeconds);
      if (released) return;
      extendedAt = calledAt;
      onExtension?.("ok");
      watchExpiry();
      extendAfter(everySeconds);
    } catch (error) {
      if (error instanceof LeaseLostError) return lose(error);
      if (released) return;
      onExtension?.("failed");
      extendAfter(Math.min(everySeconds, RETRY_EXTENSION_SECONDS));
    }
  };
  const onOuterAbort = (): void => ended.abort(outer?.reason);

  if (outer?.aborted) onOuterAbort();
  outer?.addEventListener("abort", onOuterAbort, { once: true });
  timers.limit = setTimeout(() => {
    isOver = true;
    const wasAlone = (begunAt - startedAt) / 1000 < ALONE_WITHIN_SECONDS;
    ended.abort(wasAlone ? new ResourceError("resource_limit", `the job ran for ${JOB_LIMIT_SECONDS / 3600} hours`) : timeIsOver());
  }, JOB_LIMIT_SECONDS * 1000);
  watchExpiry();
  extendAfter(everySeconds);

  const check = (): void => {
    loseIfExpired();
    if (lost) throw lost;
    ended.signal.throwIfAborted();
  };

  return {
    signal: ended.signal,
    remainingSeconds,
    begin: () => {
      if (isOver) throw timeIsOver();
      check();
      begunAt = clock();
    },
    check,
    release: stop,
    [Symbol.asyncDispose]: async () => {
      stop();
      await extension;
    },
  };
}

/** Not a failure of the job that meets it: the message comes back, and what is done is not done again. */
const timeIsOver = (): ShutdownError => new ShutdownError("the jobs before this one took the time of their message");

/** Why the lease is lost; undefined when it is not. By the clock, too: a process that stood still has lost it before a timer tells. */
export function lossOf(lease: Pick<Lease, "check">): LeaseLostError | undefined {
  try {
    lease.check();
  } catch (reason) {
    if (reason instanceof LeaseLostError) return reason;
  }
  return undefined;
}
