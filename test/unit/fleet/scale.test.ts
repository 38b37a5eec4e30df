import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { describe, expect, it } from "vitest";

import { loadLadders } from "../../../src/config/ladders.ts";
import { SCENARIO_NAMES } from "../../../bench/fleet/assumptions.ts";
import { LARGE, documentRun, smallTables, tableIn } from "../../../bench/fleet/document.ts";
import { PLOTTED, plotOf } from "../../../bench/fleet/plots.ts";
import { readPolicy } from "../../../bench/fleet/policy.ts";
import { tableOf } from "../../../bench/fleet/report.ts";
import { MEASURED, PRICES } from "../../../bench/fleet/service.ts";
import { LIMITS, NEXT_TO_NOTHING, STAGE_NAMES, recommended, sweep } from "../../../bench/fleet/sweep.ts";

const DOCS = resolve(import.meta.dirname, "../../../docs");
const document = readFileSync(join(DOCS, "scale.md"), "utf8");
const policy = readPolicy();
const stages = sweep(policy);
const runs = SCENARIO_NAMES.filter((name) => !LARGE.has(name)).map((name) => documentRun(name, policy));

describe("deploy/fleet/policy.json", () => {
  it("is what the sweep recommends", () => {
    expect(recommended(stages)).toEqual(policy);
  });

  it("is the cheapest of what keeps the limits and never stands still, by the answers to every question", () => {
    const limits = new Map(Object.entries(LIMITS));
    for (const { answers, best } of stages) {
      const within = answers.filter(({ waitP99, stalledMinutes }) =>
        [...Object.entries(waitP99), ["standstill", stalledMinutes * 60] as const].every(
          ([name, seconds]) => seconds <= limitOf(limits, name),
        ),
      );
      const least = Math.min(...within.map(({ costUsd }) => costUsd));
      expect(best.costUsd).toBeLessThanOrEqual(least * (1 + NEXT_TO_NOTHING));
      expect(within).toContain(best);
    }
  });

  it("names types that have a price", () => {
    const { arm64, x86_64 } = policy.instanceTypes;
    expect([...arm64, ...x86_64].filter((type) => !(type in PRICES.types))).toEqual([]);
  });

  it("has room for the days it is for, but for the one without Spot capacity", () => {
    const most = runs.find(({ scenario }) => scenario.name === "diurnal")?.totals.mostInstances;
    expect(most).toBeLessThan(policy.maximumInstances);
    expect(runs.filter(({ isOverloaded }) => isOverloaded).map(({ scenario }) => scenario.name)).toEqual(["drought"]);
  });
});

const limitOf = (limits: ReadonlyMap<string, number>, name: string): number =>
  name === "standstill" ? 0 : (limits.get(name) ?? Number.POSITIVE_INFINITY);

describe("bench/fleet/measured.json", () => {
  it("has every rung of every ladder", () => {
    const missing = [...loadLadders().values()].flatMap(({ codecs, rungs }) =>
      codecs.flatMap(({ codec, preset, crf }) => {
        const measured = MEASURED.rungs[`${codec} ${preset} crf ${crf}`] ?? {};
        return rungs.filter(({ shortSide }) => (measured[shortSide] ?? 0) <= 0).map(({ shortSide }) => `${codec} ${preset} ${shortSide}`);
      }),
    );
    expect(missing).toEqual([]);
  });
});

describe("docs/scale.md", () => {
  const tables = smallTables(policy, stages);

  it.each([...tables.keys()])("shows the table %s as it is simulated", (name) => {
    expect(tableIn(document, name)).toEqual(tables.get(name));
  });

  it("shows every question that the sweep asks", () => {
    expect(STAGE_NAMES.map((name) => tableIn(document, name).length > 2)).toEqual(STAGE_NAMES.map(() => true));
  });

  it("shows the scenarios as they are simulated", () => {
    const shown = tableIn(document, "scenarios");
    const [heads, ...rows] = tableOf(runs);
    expect(shown[0]).toEqual(heads);
    expect(shown.filter(([name]) => rows.some((row) => row[0] === name))).toEqual(rows);
    expect(shown.slice(1).map(([name]) => name)).toEqual([...SCENARIO_NAMES]);
  });

  it.each(PLOTTED.filter((name) => !LARGE.has(name)))("has the plot of %s as it is simulated, and shows it", (name) => {
    const run = runs.find(({ scenario }) => scenario.name === name);
    expect(readFileSync(join(DOCS, "plots", `${name}.svg`), "utf8")).toBe(run && plotOf(run));
  });

  it.each(PLOTTED)("shows a small plot of %s", (name) => {
    expect(document).toContain(`(plots/${name}.svg)`);
    expect(readFileSync(join(DOCS, "plots", `${name}.svg`)).length).toBeLessThan(60_000);
  });
});
