import type { MessageEvent } from "../queue/handle-message.ts";
import type { EmfMetric, Readings } from "./emf-metrics.ts";
import { EMF_METRICS, MESSAGE_AGE, readingsOf } from "./emf-metrics.ts";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";

export interface EmfOptions {
  readonly namespace: string;
  readonly metrics: Pick<Metrics, "readings">;
  readonly logger: Pick<Logger, "child" | "warn">;
}

/** The reports to CloudWatch; disposing of it tells what was counted since the last one. */
export interface EmfReports extends AsyncDisposable {
  message(event: MessageEvent): void;
}

const EVERY_MS = 60_000;
/** The format's limit of one metric's values; of more the oldest messages are told, as alarms ask for those. */
const MAX_VALUES = 100;

/**
 * Writes one line a minute in CloudWatch's embedded metric format, which CloudWatch Logs turns into metrics. No dimensions:
 * every one would be another metric to pay, and fleets differ by their namespace. The log level does not hide it.
 */
export function reportToCloudWatch({ namespace, metrics, logger }: EmfOptions): EmfReports {
  const log = logger.child({}, { level: "info" });
  const startedMs = Date.now();
  const told = new Map<string, number>();
  let ages: number[] = [];
  const tell = async (kinds: readonly EmfMetric["kind"][]): Promise<void> => {
    const nowMs = Date.now();
    const readings = readingsOf(await metrics.readings(), { nowMs, startedMs });
    const rows = EMF_METRICS.filter(({ kind }) => kinds.includes(kind)).flatMap((metric) => rowOf(metric, readings, told));
    const aged = ages.length > 0 ? [{ ...MESSAGE_AGE, value: ages }] : [];
    ages = [];
    log.info(emfDocument({ namespace, nowMs, rows: [...rows, ...aged] }), "metrics for CloudWatch");
  };
  const safely = async (kinds: readonly EmfMetric["kind"][]): Promise<void> =>
    tell(kinds).catch((err: unknown) => logger.warn({ err }, "metrics for CloudWatch not told; the counts are told next time"));
  const timer = setInterval(() => void safely(["gauge", "count"]), EVERY_MS);
  return {
    message: (event) => {
      if (event.kind !== "received" || event.ageSeconds === undefined) return;
      ages = [...ages, Math.round(event.ageSeconds)].toSorted((a, b) => b - a).slice(0, MAX_VALUES);
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      // A second sample of the gauges in one minute would count this worker's slots twice.
      await safely(["count"]);
    },
  };
}

interface Row {
  readonly name: string;
  readonly unit: EmfMetric["unit"];
  readonly value: number | readonly number[];
}

function rowOf({ name, unit, kind, read }: EmfMetric, readings: Readings, told: Map<string, number>): readonly Row[] {
  const now = read(readings);
  if (now === undefined) return [];
  const value = kind === "count" ? now - (told.get(name) ?? 0) : now;
  told.set(name, now);
  return [{ name, unit, value }];
}

/** The fields of a line in the embedded metric format: every metric it names is a member of the root. */
export function emfDocument({ namespace, nowMs, rows }: { namespace: string; nowMs: number; rows: readonly Row[] }) {
  return {
    _aws: {
      Timestamp: nowMs,
      CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [[]], Metrics: rows.map(({ name, unit }) => ({ Name: name, Unit: unit })) }],
    },
    ...Object.fromEntries(rows.map(({ name, value }) => [name, value])),
  };
}
