import type { Logger } from "../telemetry/logger.ts";

const FATAL_EVENTS = ["uncaughtException", "unhandledRejection"] as const;
type FatalEvent = (typeof FATAL_EVENTS)[number];

/** What reports errors nobody caught: the process, or a test's emitter. */
export interface FatalSource {
  on(event: FatalEvent, listener: (error: unknown) => void): unknown;
  off(event: FatalEvent, listener: (error: unknown) => void): unknown;
}

export interface FatalOptions {
  /** Cancels running jobs and gives their messages back, as far as that is possible now. */
  readonly release: () => Promise<void>;
  readonly exit: (code: number) => void;
  readonly logger: Pick<Logger, "fatal" | "error">;
  readonly source?: FatalSource;
  readonly graceMs?: number;
}

/** A process in an unknown state must not linger: messages that are not given back by then return by their visibility. */
const GRACE_MS = 2000;

/** On an error nobody caught: logs it, releases messages for at most 2 s, exits 1 (R-L10). Returns what removes the listeners. */
export function handleFatalErrors({ release, exit, logger, source = process, graceMs = GRACE_MS }: FatalOptions): () => void {
  let ending = false;
  const onFatal = (error: unknown): void => {
    logger.fatal({ err: error }, "an error nobody caught: releasing messages and exiting");
    if (ending) return;
    ending = true;
    void withDeadline(release, graceMs, (reason) => logger.error({ err: reason }, "messages were not all released")).then(() => exit(1));
  };
  for (const event of FATAL_EVENTS) source.on(event, onFatal);
  return () => {
    for (const event of FATAL_EVENTS) source.off(event, onFatal);
  };
}

async function withDeadline(act: () => Promise<void>, graceMs: number, onFailure: (reason: unknown) => void): Promise<void> {
  const deadline = Promise.withResolvers<void>();
  const timer = setTimeout(() => deadline.reject(new Error(`not done after ${graceMs} ms`)), graceMs);
  try {
    await Promise.race([act(), deadline.promise]);
  } catch (reason) {
    onFailure(reason);
  } finally {
    clearTimeout(timer);
  }
}
