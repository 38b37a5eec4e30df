import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { describe, expect, it } from "vitest";

import { LARGE, documentRun, tableIn } from "../../../bench/fleet/document.ts";
import { PLOTTED, plotOf } from "../../../bench/fleet/plots.ts";
import { readPolicy } from "../../../bench/fleet/policy.ts";
import { tableOf } from "../../../bench/fleet/report.ts";

const DOCS = resolve(import.meta.dirname, "../../../docs");
const MOST_BYTES = 1e9;

describe("the simulated fleet at scale", () => {
  it.each([...LARGE])("runs %s in bounded memory, as docs/scale.md shows it", (name) => {
    const run = documentRun(name, readPolicy());
    expect(process.memoryUsage().rss).toBeLessThan(MOST_BYTES);
    expect(run.isOverloaded).toBe(false);
    const shown = tableIn(readFileSync(join(DOCS, "scale.md"), "utf8"), "scenarios").filter(([scenario]) => scenario === name);
    expect(shown).toEqual(tableOf([run]).slice(1));
    const plot = plotOf(run);
    expect(PLOTTED.includes(name) ? readFileSync(join(DOCS, "plots", `${name}.svg`), "utf8") : plot).toBe(plot);
  });
});
