import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { EMF_METRICS, MESSAGE_AGE } from "../../../src/telemetry/emf-metrics.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const document = readFileSync(join(ROOT, "docs/operations.md"), "utf8");

describe("docs/operations.md", () => {
  it("has the row of every metric for CloudWatch with its unit, and no other", () => {
    const rows = [...document.matchAll(/^\| `([A-Z]\w+)` +\| (\w+) +\|/gm)].map(([, name, unit]) => [name, unit]);
    expect(rows).toEqual([...EMF_METRICS, MESSAGE_AGE].map(({ name, unit }) => [name, unit]));
  });
});
