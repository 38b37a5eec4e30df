import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createMetricSet, PREFIX } from "../../../src/telemetry/metric-set.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { mentionedIn } from "../../support/promql.ts";
import { parse } from "yaml";

const ROOT = resolve(import.meta.dirname, "../../..");
const read = (name: string): string => readFileSync(join(ROOT, name), "utf8");

const target = z.looseObject({ expr: z.string(), legendFormat: z.string() });
const panel = z.looseObject({ title: z.string(), type: z.string(), targets: z.array(target).optional() });
const variable = z.looseObject({ name: z.string(), query: z.union([z.string(), z.looseObject({ query: z.string() })]) });
const dashboard = z
  .looseObject({
    panels: z.array(panel),
    templating: z.object({ list: z.array(variable) }),
    annotations: z.object({ list: z.array(z.looseObject({ expr: z.string() })) }),
  })
  .parse(JSON.parse(read("deploy/grafana/ladderd.json")));
const rule = z.object({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.object({ severity: z.enum(["page", "ticket"]) }),
  annotations: z.object({ summary: z.string(), runbook: z.string() }),
});
const { groups } = z.object({ groups: z.array(z.object({ rules: z.array(rule) })) }).parse(parse(read("deploy/prometheus/alerts.yml")));
const rules = groups.flatMap((group) => group.rules);

const shown = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({ title, expr, legendFormat })),
);
const asked = [
  ...shown.map(({ title, expr }) => [`dashboard: ${title}`, expr] as const),
  ...dashboard.annotations.list.map(({ expr }) => ["dashboard: annotation", expr] as const),
  ...dashboard.templating.list.map(({ name, query }) => [`dashboard: $${name}`, typeof query === "string" ? query : query.query] as const),
  ...rules.map(({ alert, expr }) => [`alert: ${alert}`, expr] as const),
];

/** What Prometheus adds when it scrapes (deploy/prometheus/prometheus.yml). */
const SCRAPED = ["job", "instance", "fleet"];

const text = await createMetrics({
  version: "1",
  node: "v24",
  ffmpeg: "7",
  configHash: "0",
  build: "b",
  slots: 1,
  instance: { instanceId: "i-1", instanceType: "t", zone: "z" },
}).text();
const instrument = z.looseObject({ name: z.string(), type: z.string(), labelNames: z.array(z.string()) });
const declared = z.array(z.looseObject({ labelNames: z.array(z.string()).default([]) }).pipe(instrument)).parse(typed());

/** The instruments with the labels that they may have, and the type that the exposition says. */
function typed(): readonly unknown[] {
  const types = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name, type]));
  return createMetricSet()
    .registry.getMetricsAsArray()
    .map((metric) => ({ ...metric, type: types.get(metric.name) ?? "not exported" }));
}

/** Labels of every series name that the worker's exposition has. */
const labelsOf: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["up", []],
  ...declared.flatMap(({ name, type, labelNames }): readonly (readonly [string, readonly string[]])[] =>
    type === "histogram"
      ? [
          [`${name}_bucket`, [...labelNames, "le"]],
          [`${name}_sum`, labelNames],
          [`${name}_count`, labelNames],
        ]
      : [[name, labelNames]],
  ),
]);

/** The values of a label in the exposition of a worker that has just started: closed lists are exported with zeros. */
const valuesOf = (metric: string, label: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^${metric}\\{[^}]*\\b${label}="([^"]*)"`, "gm"))].map(([, value = ""]) => value);

describe("what is asked of Prometheus", () => {
  it.each(asked)("%s: names series that the worker exports, with labels that they have", (_, expression) => {
    const { selectors, grouped } = mentionedIn(expression);
    expect(selectors.filter(({ metric }) => !labelsOf.has(metric))).toEqual([]);
    for (const { metric, matchers } of selectors) {
      const allowed = [...(labelsOf.get(metric) ?? []), ...SCRAPED];
      expect(matchers.filter(({ label }) => !allowed.includes(label))).toEqual([]);
    }
    const labels = new Set([...SCRAPED, ...selectors.flatMap(({ metric }) => labelsOf.get(metric) ?? [])]);
    expect(grouped.filter((label) => !labels.has(label))).toEqual([]);
  });

  it.each(asked)("%s: compares labels with values that they can have", (_, expression) => {
    const odd = mentionedIn(expression).selectors.flatMap(({ metric, matchers }) =>
      matchers
        .filter(({ label }) => !SCRAPED.includes(label) && valuesOf(metric, label).length > 0)
        .flatMap(({ label, value }) => value.split("|").filter((one) => !valuesOf(metric, label).includes(one))),
    );
    expect(odd).toEqual([]);
  });

  it("is compared with a registry in which every instrument is exported", () => {
    expect(declared.filter(({ type }) => type === "not exported").map(({ name }) => name)).toEqual([]);
    expect(valuesOf("ladderd_messages_settled_total", "outcome")).toContain("no_ack");
  });
});

describe("deploy/grafana/ladderd.json", () => {
  it("shows every metric of the worker's own", () => {
    const seen = new Set(
      shown.flatMap(({ expr }) => mentionedIn(expr).selectors.map(({ metric }) => metric.replace(/_(?:bucket|sum|count)$/, ""))),
    );
    const own = declared.map(({ name }) => name).filter((name) => !/^ladderd_(?:nodejs|process)_/.test(name));
    expect(own.length).toBeGreaterThan(30);
    expect(own.filter((name) => !seen.has(name))).toEqual([]);
    expect([...seen].filter((name) => !name.startsWith(PREFIX))).toEqual(["up"]);
  });

  it.each(shown)("names in the legend of $title only labels that its expression keeps", ({ expr, legendFormat }) => {
    const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
    expect(named.filter((label) => !mentionedIn(expr).grouped.includes(label))).toEqual([]);
  });

  it("has panels that do not lie upon each other", () => {
    const place = z.array(z.looseObject({ gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }) }));
    const cells = place
      .parse(dashboard.panels)
      .flatMap(({ gridPos: { x, y, w, h } }) => Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`));
    expect(new Set(cells).size).toBe(cells.length);
    expect(cells.filter((cell) => Number(cell.split(",")[0]) > 23)).toEqual([]);
  });
});

describe("deploy/prometheus/alerts.yml", () => {
  const headings = [...read("docs/runbook.md").matchAll(/^#{1,4} (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));

  it.each(rules)("$alert leads to a heading of the runbook", ({ annotations: { runbook } }) => {
    const [file, anchor] = runbook.split("#");
    expect(file).toBe("docs/runbook.md");
    expect(headings).toContain(anchor);
  });

  it("has two tests of every alert, one in which it does not fire and one in which it does", () => {
    const test = z.object({ alert_rule_test: z.array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })) });
    const { tests } = z.object({ tests: z.array(test) }).parse(parse(read("deploy/prometheus/alerts.test.yml")));
    const cases = tests.flatMap((one) => one.alert_rule_test);
    const fires = new Set(cases.filter((one) => one.exp_alerts.length > 0).map((one) => one.alertname));
    expect(rules.map(({ alert }) => alert).filter((alert) => !fires.has(alert))).toEqual([]);
    const quiet = new Set(cases.filter((one) => one.exp_alerts.length === 0).map((one) => one.alertname));
    expect(rules.map(({ alert }) => alert).filter((alert) => !quiet.has(alert))).toEqual([]);
  });

  it("covers every condition of R-O4", () => {
    const conditions = {
      "age of the messages": "LadderdMessagesOld",
      "dead letters": "LadderdDeadLetters",
      "backlog by slot": "LadderdBacklogHigh",
      "something waits, nothing is published": "LadderdNothingPublished",
      "in flight near 120,000": "LadderdQueueLimitNear",
      "rate of lost leases": "LadderdLeasesLost",
      "verification failures": "LadderdVerificationFailed",
      disk: "LadderdDiskLow",
      "up == 0": "LadderdWorkerDown",
      "interruption storm": "LadderdInterruptionStorm",
    };
    expect(rules.map(({ alert }) => alert)).toEqual(expect.arrayContaining(Object.values(conditions)));
  });
});

/** As GitHub and most others make one of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, "")
    .trim()
    .replaceAll(/\s/g, "-");
}
