import type { Logger } from "../telemetry/logger.ts";

/** What sends stop signals: the process, or a test's emitter. */
export interface SignalSource {
  on(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
  off(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
}

/** PM2 sends SIGINT, systemd and Docker SIGTERM, a terminal SIGINT: they mean the same here (R-D1). */
export const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

export interface StopOptions {
  /** First signal: take nothing new, finish what fits the budget. */
  readonly drain: () => void;
  /** Second signal: end and release running jobs now. */
  readonly cancel: () => void;
  /** Third signal: leave at once. */
  readonly exit: (code: number) => void;
  readonly logger: Pick<Logger, "info" | "warn">;
  readonly signals?: SignalSource;
}

/** Counts stop signals of either kind and acts on the first, the second and the third. Returns what removes the listeners. */
export function handleStopSignals({ drain, cancel, exit, logger, signals = process }: StopOptions): () => void {
  let count = 0;
  const onSignal = (signal: StopSignal): void => {
    count += 1;
    if (count === 1) {
      logger.info({ signal }, "stopping: running jobs may finish; a second signal cancels them");
      drain();
    } else if (count === 2) {
      logger.warn({ signal }, "cancelling running jobs; a third signal exits at once");
      cancel();
    } else {
      logger.warn({ signal }, "exiting at once");
      exit(1);
    }
  };
  for (const signal of STOP_SIGNALS) signals.on(signal, onSignal);
  return () => {
    for (const signal of STOP_SIGNALS) signals.off(signal, onSignal);
  };
}
