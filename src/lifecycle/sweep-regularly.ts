import type { SweepReport } from "../publish/sweep.ts";
import type { Logger } from "../telemetry/logger.ts";

export interface RegularSweepOptions {
  readonly everyHours: number;
  readonly sweep: (signal: AbortSignal) => Promise<SweepReport>;
  readonly logger: Pick<Logger, "info" | "warn">;
  readonly random?: () => number;
}

const HOUR_MS = 3_600_000;

/**
 * Sweeps every `everyHours` until it is disposed of, which breaks off the sweep that runs. The first one comes after a random
 * part of that time: a fleet that starts together does not list the bucket together, and workers that live shorter than that
 * still sweep as often. A sweep that fails is logged and changes nothing else.
 */
export function sweepRegularly({ everyHours, sweep, logger, random = Math.random }: RegularSweepOptions): AsyncDisposable {
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
      tell(await sweep(stop.signal), logger);
    } catch (err) {
      if (!stop.signal.aborted) logger.warn({ err }, "garbage not collected; trying again next time");
    }
    plan(everyHours * HOUR_MS);
  };
  plan(random() * everyHours * HOUR_MS);
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
