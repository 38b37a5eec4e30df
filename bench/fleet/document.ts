import { rowsOf } from "../../test/helpers/markdown-table.ts";
import { SCENARIO_NAMES, SCENARIOS } from "./assumptions.ts";
import type { ScenarioName } from "./assumptions.ts";
import { PLOTTED, plotOf } from "./plots.ts";
import type { Policy } from "./policy.ts";
import { markdown, tableOf } from "./report.ts";
import type { Judged } from "./run-scenario.ts";
import { runScenario } from "./run-scenario.ts";
import type { Stage } from "./sweep.ts";
import { stageRows } from "./sweep.ts";
import { assumptionRows, capacityRows, instanceRows, interruptionRows, ladderRows, rungRows } from "./tables.ts";

export type Rows = readonly (readonly string[])[];

/** The seed of everything that docs/scale.md shows. */
export const DOCUMENT_SEED = 1;

/** Runs that take a second or more: `npm run simulate:fleet -- --docs` makes them, the unit tests do not. */
export const LARGE: ReadonlySet<ScenarioName> = new Set(["diurnal-10k", "burst-100k", "diurnal-100k"]);

/** A scenario as docs/scale.md shows it. */
export const documentRun = (name: ScenarioName, policy: Policy): Judged =>
  runScenario({ scenario: SCENARIOS[name], policy, seed: DOCUMENT_SEED });

/** The tables of docs/scale.md that need no run of a scenario of its own, by their marks. */
export function smallTables(policy: Policy, stages: readonly Stage[]): ReadonlyMap<string, Rows> {
  return new Map([
    ["rungs", rungRows()],
    ["assumptions", assumptionRows()],
    ["ladders", ladderRows(policy)],
    ["instances", instanceRows(policy)],
    ["capacity", capacityRows(policy)],
    ["interruptions", interruptionRows(policy, DOCUMENT_SEED)],
    ...stages.map((stage) => [stage.name, stageRows(stage)] as const),
  ]);
}

export interface Document {
  readonly tables: ReadonlyMap<string, Rows>;
  /** SVG by file name in docs/plots. */
  readonly plots: ReadonlyMap<string, string>;
}

/** Everything in docs/scale.md that is not prose. */
export function makeDocument(policy: Policy, stages: readonly Stage[]): Document {
  const runs = SCENARIO_NAMES.map((name) => documentRun(name, policy));
  const plots = runs
    .filter(({ scenario }) => PLOTTED.includes(scenario.name))
    .map((run) => [`${run.scenario.name}.svg`, plotOf(run)] as const);
  return { tables: new Map([...smallTables(policy, stages), ["scenarios", tableOf(runs)]]), plots: new Map(plots) };
}

const begin = (name: string): string => `<!-- simulate:fleet ${name} -->`;
const END = "<!-- end -->";

/** The text with every marked table in place. Throws for a table without its mark. */
export function withTables(text: string, tables: ReadonlyMap<string, Rows>): string {
  return [...tables].reduce((whole, [name, rows]) => {
    const [from, to] = span(whole, name);
    return `${whole.slice(0, from)}\n\n${markdown(rows)}\n\n${whole.slice(to)}`;
  }, text);
}

/** The cells of a marked table, without the spaces that the formatter puts there. */
export function tableIn(text: string, name: string): Rows {
  const rows = rowsOf(text.slice(...span(text, name)));
  return rows.filter((_, index) => index !== 1);
}

function span(text: string, name: string): readonly [number, number] {
  const start = text.indexOf(begin(name));
  const to = text.indexOf(END, start);
  if (start < 0 || to < 0) throw new Error(`docs/scale.md has no mark of the table ${name}`);
  return [start + begin(name).length, to];
}
