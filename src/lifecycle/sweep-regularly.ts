import type { SweepReport } from "../publish/sweep.ts";
import type { Logger } from "../telemetry/logger.ts";

export interface RegularSweepOptions {
  readonly everyHours: number;
  readonly sweep: (signal: AbortSignal) => Promise<SweepReport>;
  readonly logger: Pick<Logger, "info" | "warn">;
  readonly random?: () => number;
}

export interface RegularRound {
  readonly everySeconds: number;
  readonly round: (signal: AbortSignal) => Promise<void>;
  /** Told of a round that failed. */
  readonly onError: (error: unknown) => void;
  readonly random?: () => number;
}

/**
 * Sweeps every `everyHours` until it is disposed of, which breaks off the sweep that runs. The first one comes after a random
 * part of that time: a fleet that starts together does not list the bucket together, and workers that live shorter than that
 * still sweep as often. A sweep that fails is logged and changes nothing else.
 */
export const sweepRegularly = ({ everyHours, sweep, logger, ...options }: RegularSweepOptions): AsyncDisposable =>
  repeatRegularly({
    ...options,
    everySeconds: everyHours * 3600,
    round: async (signal) => tell(await sweep(signal), logger),
    onError: (err) => logger.warn({ err }, "garbage not collected; trying again next time"),
  });

/** The same for any work: one round after the other, the first after a random part of the time. */
export function repeatRegularly({ everySeconds, round: work, onError, random = Math.random }: RegularRound): AsyncDisposable {
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const plan = (afterMs: number): void => {
    if (stop.signal.aborted) return;
    timer = setTimeout(() => {
      running = round();
    }, afterMs);
  };
  const round = async (): Promise<void> => {
    try {
      await work(stop.signal);
    } catch (err) {
      if (!stop.signal.aborted) onError(err);
    }
    plan(everySeconds * 1000);
  };
  plan(random() * everySeconds * 1000);
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error("the worker stops"));
      clearTimeout(timer);
      await running;
    },
  };
}

function tell({ revisions, objects, uploads, claims, unreadable }: SweepReport, logger: RegularSweepOptions["logger"]): void {
  logger.info({ revisions: revisions.length, objects, uploads, claims }, "garbage collected");
  if (unreadable.length > 0) logger.warn({ assetPaths: unreadable }, "asset.json cannot be read; nothing of these assets was touched");
}
