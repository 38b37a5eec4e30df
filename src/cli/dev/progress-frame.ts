import type { JobProgress, ProgressState } from "./progress-state.ts";
import { clip, fit, plainText } from "./text-width.ts";

const BAR_COLUMNS = 24;
const MIN_NAME_COLUMNS = 8;
const MAX_NAME_COLUMNS = 32;
/** " encode  " and " 100%  12.3x  1:02:03 left" */
const STAGE_COLUMNS = 8;
const FIGURES_COLUMNS = 26;

/** One line per running job, none wider than the terminal: name, bar, stage, percent, speed, time left. */
export function renderFrame(state: ProgressState, columns: number): readonly string[] {
  const room = columns - BAR_COLUMNS - STAGE_COLUMNS - FIGURES_COLUMNS - 4;
  const nameColumns = Math.min(MAX_NAME_COLUMNS, Math.max(MIN_NAME_COLUMNS, room));
  // The last column stays free: writing into it wraps on some terminals.
  return [...state.values()].map((job) => clip(line(job, nameColumns), columns - 1));
}

function line({ name, stage, fraction, speed, secondsLeft }: JobProgress, nameColumns: number): string {
  const figures = [
    fraction === undefined ? "" : `${Math.floor(fraction * 100)}%`.padStart(4),
    speed === undefined ? "" : `${speed.toFixed(1)}×`,
    secondsLeft === undefined ? "" : `${formatSeconds(secondsLeft)} left`,
  ];
  return `${fit(plainText(name), nameColumns)} ${bar(fraction)} ${stage.padEnd(STAGE_COLUMNS)}${figures.filter(Boolean).join("  ")}`.trimEnd();
}

function bar(fraction: number | undefined): string {
  const full = Math.round((fraction ?? 0) * BAR_COLUMNS);
  return "█".repeat(full) + "░".repeat(BAR_COLUMNS - full);
}

/** Seconds as m:ss, or h:mm:ss. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const pad = (value: number): string => String(value).padStart(2, "0");
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}
