import type { ScenarioName } from "./assumptions.ts";
import type { Sample } from "./ledger.ts";
import { renderPlot } from "./plot.ts";
import type { Judged } from "./run-scenario.ts";

/** Scenarios that docs/scale.md shows. */
export const PLOTTED: readonly ScenarioName[] = ["diurnal", "burst", "drought", "burst-100k", "diurnal-100k"];

/** Hours to look at, where a whole day would hide them. */
const WINDOWS: Readonly<Partial<Record<ScenarioName, readonly [number, number]>>> = {
  burst: [11, 15],
  "burst-100k": [11, 15],
  drought: [10, 16],
};

const [BLUE, ORANGE, GREEN] = ["#0969da", "#bc4c00", "#1a7f37"];

/** Uploads an hour, jobs and instances, and the age of the oldest message, over the hours of a run. */
export function plotOf({ scenario, samples }: Judged): string {
  const [from, to] = WINDOWS[scenario.name] ?? [0, scenario.load.hours];
  const shown = samples.filter(({ minute }) => minute >= from * 60 && minute <= to * 60);
  const of = (pick: (sample: Sample) => number): readonly number[] => shown.map(pick);
  return renderPlot({
    title: `${scenario.name}: ${scenario.says}`,
    hours: [from, to],
    panels: [
      {
        title: "Uploads",
        unit: "an hour",
        curves: [{ label: "uploads", colour: BLUE, values: smooth(of(({ arrivals }) => arrivals * 60)) }],
      },
      {
        title: "Fleet",
        unit: "jobs, instances",
        curves: [
          { label: "instances", colour: GREEN, values: of(({ instances }) => instances) },
          { label: "jobs running", colour: BLUE, values: of(({ running }) => running) },
          { label: "jobs waiting", colour: ORANGE, values: of(({ waiting }) => waiting) },
        ],
      },
      {
        title: "Oldest message",
        unit: "minutes",
        curves: [{ label: "age", colour: ORANGE, values: of(({ oldestSeconds }) => oldestSeconds / 60) }],
      },
    ],
  });
}

/** Of the hours that are shown: a quarter of an hour of a day. */
const SMOOTHED_SHARE = 1 / 96;

/** The mean of the last minutes: single minutes of a Poisson process are noise. */
function smooth(values: readonly number[]): readonly number[] {
  const minutes = Math.max(1, Math.round(values.length * SMOOTHED_SHARE));
  return values.map((_, at) => {
    const window = values.slice(Math.max(0, at - minutes + 1), at + 1);
    return window.reduce((sum, value) => sum + value, 0) / window.length;
  });
}
