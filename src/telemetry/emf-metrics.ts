import type { Outcome } from "../pipeline/ports.ts";
import { OUTCOMES } from "../pipeline/ports.ts";
import type { Reading } from "./metrics.ts";

/** What CloudWatch is told of the whole fleet, one metric each. Names are part of alarms: they stay. */
export interface EmfMetric {
  readonly name: string;
  readonly unit: "Count" | "Percent" | "Seconds" | "Bytes";
  /** A gauge is told as it is, a count as what it grew by since the last line: CloudWatch adds those up. */
  readonly kind: "gauge" | "count";
  /** Undefined: there is nothing to tell now. */
  read(readings: Readings): number | undefined;
}

/** Sums over the registry's series. */
export interface Readings {
  /** Of the series of this name whose labels are among those; undefined when there is none. */
  sum(name: string, label?: { readonly [label: string]: readonly string[] }): number | undefined;
  readonly nowMs: number;
  readonly startedMs: number;
}

/** Ages of the messages that were received since the last line, of which CloudWatch makes percentiles. */
export const MESSAGE_AGE = { name: "MessageAge", unit: "Seconds" } as const;

/** What takes capacity away unasked, unlike a deploy's signal and a group's own scale-in. */
const NOTICES = ["spot", "rebalance"] as const;

const count = (name: string, series: string, label?: { readonly [label: string]: readonly string[] }): EmfMetric => ({
  name,
  unit: "Count",
  kind: "count",
  read: ({ sum }) => sum(series, label) ?? 0,
});

const settledName = (outcome: Outcome | "no_ack"): string =>
  outcome === "no_ack" ? "SettledNoAck" : `Settled${outcome.charAt(0).toUpperCase()}${outcome.slice(1)}`;

/** Everything but MESSAGE_AGE. */
export const EMF_METRICS: readonly EmfMetric[] = [
  { name: "JobsInProgress", unit: "Count", kind: "gauge", read: ({ sum }) => sum("jobs_in_progress") },
  { name: "Slots", unit: "Count", kind: "gauge", read: ({ sum }) => sum("slots") },
  { name: "BusyShare", unit: "Percent", kind: "gauge", read: busyShare },
  { name: "Backlog", unit: "Count", kind: "gauge", read: ({ sum }) => sum("queue_messages", { queue: ["jobs"], state: ["visible"] }) },
  { name: "SecondsSincePublish", unit: "Seconds", kind: "gauge", read: secondsSincePublish },
  { name: "DiskFree", unit: "Bytes", kind: "gauge", read: ({ sum }) => sum("disk_free_bytes") },
  { name: "IntakeHeld", unit: "Count", kind: "gauge", read: ({ sum }) => sum("intake_held") },
  count("MessagesReceived", "messages_received_total"),
  ...[...OUTCOMES, "no_ack" as const].map((outcome) => count(settledName(outcome), "messages_settled_total", { outcome: [outcome] })),
  count("DeadLetterCopies", "dead_letter_copies_total"),
  count("LeasesLost", "lease_lost_total"),
  count("VerificationFailures", "output_verification_failures_total"),
  count("FailedReceives", "poll_errors_total"),
  count("Interruptions", "interruption_total", { kind: NOTICES }),
  count("DrainsForced", "drain_forced_total"),
];

/** Of one to a hundred; jobs that a managed engine did and are published come on top of the slots. */
function busyShare({ sum }: Readings): number | undefined {
  const [jobs, slots] = [sum("jobs_in_progress"), sum("slots")];
  return jobs === undefined || !slots ? undefined : Math.min(100, Math.round((jobs / slots) * 100));
}

/** Before the first publish it is the time since the start. */
function secondsSincePublish({ sum, nowMs, startedMs }: Readings): number {
  const atMs = (sum("last_publish_timestamp_seconds") ?? 0) * 1000 || startedMs;
  return Math.max(0, Math.round((nowMs - atMs) / 1000));
}

/** Sums over these readings. */
export function readingsOf(readings: readonly Reading[], times: Pick<Readings, "nowMs" | "startedMs">): Readings {
  return {
    ...times,
    sum: (name, label = {}) => {
      const found = readings.filter(
        (reading) => reading.name === name && Object.entries(label).every(([key, among]) => among.includes(String(reading.labels[key]))),
      );
      return found.length === 0 ? undefined : found.reduce((total, { value }) => total + value, 0);
    },
  };
}
