import type { Judged } from "./run-scenario.ts";

const COLUMNS: readonly (readonly [string, (run: Judged) => string])[] = [
  ["scenario", ({ scenario }) => scenario.name],
  ["uploads", ({ totals }) => whole(totals.arrivals)],
  ["wait p50", ({ wait }) => duration(wait.p50)],
  ["wait p99", ({ wait }) => duration(wait.p99)],
  ["publish p50", ({ publish }) => duration(publish.p50)],
  ["publish p99", ({ publish }) => duration(publish.p99)],
  ["instance hours", (run) => whole(instanceHours(run))],
  ["most instances", ({ totals }) => whole(totals.mostInstances)],
  ["busy", (run) => percent(busyShare(run))],
  ["wasted", ({ wastedShare }) => percent(wastedShare, 2)],
  ["cost", ({ costUsd }) => `$${costUsd.toFixed(2)}`],
  ["$ per hour of video", (run) => usdPerVideoHour(run).toFixed(4)],
  ["overloaded", ({ isOverloaded }) => (isOverloaded ? "yes" : "no")],
];

/** Rows of cells, the first of them the heads: queue age, time to publish, capacity, cost and waste of each run. */
export function tableOf(runs: readonly Judged[]): readonly (readonly string[])[] {
  return [COLUMNS.map(([head]) => head), ...runs.map((run) => COLUMNS.map(([, cell]) => cell(run)))];
}

/** The rows as a table of Markdown. */
export function markdown(rows: readonly (readonly string[])[]): string {
  const [heads = [], ...rest] = rows;
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rest.map(line)].join("\n");
}

/** The rows with their columns under each other, for a terminal. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")).join("\n");
}

/** What a run comes to, for programs: seconds, dollars, shares. */
export function summaryOf(run: Judged): Readonly<Record<string, unknown>> {
  const { scenario, totals, wait, publish, waiting, inFlight, costUsd, wastedShare, isOverloaded } = run;
  const figures = { instanceHours: instanceHours(run), busyShare: busyShare(run), usdPerVideoHour: usdPerVideoHour(run) };
  return { scenario: scenario.name, ...totals, wait, publish, waiting, inFlight, costUsd, wastedShare, isOverloaded, ...figures };
}

/** Of both markets. */
export function instanceHours({ totals: { instanceSeconds } }: Judged): number {
  return (instanceSeconds["on-demand"] + instanceSeconds.spot) / 3600;
}

/** Seconds as people say them. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** A share of 1 in hundredths. */
export const percent = (share: number, digits = 0): string => `${(100 * share).toFixed(digits)} %`;

const whole = (value: number): string => Math.round(value).toLocaleString("en-US");

/** Of the time of the slots that were paid for. */
const busyShare = (run: Judged): number => run.totals.busySeconds / run.slots / (instanceHours(run) * 3600);

const usdPerVideoHour = ({ costUsd, totals }: Judged): number => costUsd / (totals.videoSeconds / 3600);
