/**
 * A model of the fleet under load: queue age, time to publish, capacity, cost and waste of the scenarios of
 * bench/fleet/assumptions.ts under the policy of deploy/fleet/policy.json.
 * Usage: npm run simulate:fleet -- [--scenario NAME]… [--seed N] [--policy FILE] [--json]
 *        npm run simulate:fleet -- --sweep [--policy FILE] [--json]   compares policies and recommends one
 *        npm run simulate:fleet -- --docs                             writes the tables and plots of docs/scale.md
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ScenarioName } from "./assumptions.ts";
import { SCENARIO_NAMES, SCENARIOS } from "./assumptions.ts";
import { DOCUMENT_SEED, makeDocument, withTables } from "./document.ts";
import { readPolicy } from "./policy.ts";
import { aligned, summaryOf, tableOf } from "./report.ts";
import { runScenario } from "./run-scenario.ts";
import { recommended, stageRows, sweep } from "./sweep.ts";
import { priceNote } from "./tables.ts";

const DOCS = join(import.meta.dirname, "../../docs");

const { values } = parseArgs({
  options: {
    scenario: { type: "string", multiple: true },
    seed: { type: "string", default: String(DOCUMENT_SEED) },
    policy: { type: "string" },
    json: { type: "boolean", default: false },
    sweep: { type: "boolean", default: false },
    docs: { type: "boolean", default: false },
  },
});
const policy = readPolicy(values.policy);

function scenariosNamed(names: readonly string[]): readonly ScenarioName[] {
  return names.map((wanted) => {
    const known = SCENARIO_NAMES.find((name) => name === wanted);
    if (!known) throw new Error(`--scenario takes ${SCENARIO_NAMES.join(", ")}`);
    return known;
  });
}

function runScenarios(): void {
  const seed = Number(values.seed);
  const runs = scenariosNamed(values.scenario ?? SCENARIO_NAMES).map((name) => runScenario({ scenario: SCENARIOS[name], policy, seed }));
  if (values.json) console.log(JSON.stringify(runs.map(summaryOf), null, 2));
  else console.log(`${aligned(tableOf(runs))}\n\n${priceNote()}`);
}

function runSweep(): void {
  const stages = sweep(policy);
  const best = recommended(stages);
  if (values.json) console.log(JSON.stringify(best, null, 2));
  else console.log(`${stages.map((stage) => aligned(stageRows(stage))).join("\n\n")}\n\nrecommended: ${JSON.stringify(best, null, 2)}`);
}

function writeDocs(): void {
  const { tables, plots } = makeDocument(policy, sweep(policy));
  mkdirSync(join(DOCS, "plots"), { recursive: true });
  for (const [name, svg] of plots) writeFileSync(join(DOCS, "plots", name), svg);
  const file = join(DOCS, "scale.md");
  writeFileSync(file, withTables(readFileSync(file, "utf8"), tables));
  console.log(`wrote ${tables.size} tables and ${plots.size} plots; npm run format sets the tables`);
}

if (values.docs) writeDocs();
else if (values.sweep) runSweep();
else runScenarios();
