import { readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";
import { z } from "zod";

import { cpuPerVideoSecond, machineOf, PRICES, slotSpeed } from "../../../bench/fleet/service.ts";
import { rowsOf } from "../../../test/helpers/markdown-table.ts";
import { costTable, defaultModel, estimate } from "../lib/cost.ts";
import { loadSettings, readSettings, settingsSchema } from "../lib/settings.ts";

const document = readFileSync(join(import.meta.dirname, "../../../docs/aws.md"), "utf8");
const rows = rowsOf(document);

const node: z.ZodType<Node> = z.lazy(() =>
  z.object({
    properties: z.record(z.string(), node).optional(),
    anyOf: z.array(node).optional(),
    oneOf: z.array(node).optional(),
  }),
);
interface Node {
  readonly properties?: Readonly<Record<string, Node>> | undefined;
  readonly anyOf?: readonly Node[] | undefined;
  readonly oneOf?: readonly Node[] | undefined;
}

/** Every parameter by its path; of what has variants, those of each. */
function pathsOf({ properties, anyOf = [], oneOf = [] }: Node, path: string): readonly string[] {
  const variants = [...anyOf, ...oneOf].flatMap((variant) => pathsOf(variant, path));
  if (properties === undefined) return variants.length === 0 ? [path] : variants;
  return Object.entries(properties).flatMap(([name, inner]) => pathsOf(inner, path === "" ? name : `${path}.${name}`));
}

describe("settings", () => {
  const paths = new Set(pathsOf(node.parse(z.toJSONSchema(settingsSchema, { io: "input" })), ""));

  it("have a row each in docs/aws.md, and no row without a setting", () => {
    const documented = rows.flatMap(([key = "", ...rest]) =>
      rest.length === 2 ? [...key.matchAll(/^`([\w.]+)`$/g)].map(([, name]) => name) : [],
    );
    expect(new Set(documented)).toEqual(new Set([...paths].filter((path) => path !== "source")));
    expect(documented).toHaveLength(new Set(documented).size);
  });

  it("are whole without a file", () => {
    expect(loadSettings(undefined)).toMatchObject({
      name: "ladderd",
      region: "us-east-1",
      engines: ["ffmpeg"],
      network: { kind: "public", zones: 3 },
    });
  });

  it.each([
    ["an unknown key", { volumes: 3 }, /volumes/],
    ["a name that a bucket cannot begin with", { name: "My Studio" }, /name: must be 2 to 20/],
    [
      "signed cookies for any origin",
      { delivery: { signing: { publicKeys: ["-----BEGIN PUBLIC KEY-----"], cookies: true } } },
      /must name the origins/,
    ],
    ["a web ACL outside us-east-1", { region: "eu-west-1", delivery: { firewall: { kind: "create" } } }, /live in us-east-1/],
    [
      "a certificate of another region",
      { delivery: { domain: { name: "a.example", certificateArn: "arn:aws:acm:eu-west-1:111122223333:certificate/a" } } },
      /certificates of us-east-1/,
    ],
    ["a copy in the same region", { recovery: { replicaRegion: "us-east-1" } }, /must be another region/],
    ["instance store with types that have none", { instances: { workVolume: { kind: "instance-store" } } }, /local NVMe/],
    [
      "instance store with one type that has none",
      { instances: { types: ["c7gd.xlarge", "c7g.xlarge"], workVolume: { kind: "instance-store" } } },
      /local NVMe/,
    ],
    ["an environment line that a shell would read as more", { environment: { LADDERD_LADDER: "h264'; reboot" } }, /one plain line/],
    ["metrics for everybody", { network: { kind: "public", scrapers: ["0.0.0.0/0"] } }, /must not be everybody/],
    ["a scraper that is no range of addresses", { network: { kind: "public", scrapers: ["prometheus.example"] } }, /scrapers/],
    ["a retention that CloudWatch does not have", { logs: { workerDays: 31 } }, /workerDays/],
  ])("refuse %s", (_what, given, message) => {
    expect(() => readSettings(given)).toThrow(message);
  });

  it("name every problem at once", () => {
    expect(() => readSettings({ name: "X", region: "here" })).toThrow(/name: .*; region: /);
  });

  it("take instance store with types that have it", () => {
    const instances = { types: ["c7gd.xlarge", "m6id.2xlarge", "i4i.xlarge"], workVolume: { kind: "instance-store" } };
    expect(readSettings({ instances }).instances.workVolume).toEqual({ kind: "instance-store" });
  });
});

describe("cost", () => {
  const model = defaultModel();

  it("is in docs/aws.md as the prices, the policy and the assumptions make it", () => {
    const start = rows.findIndex(([head]) => head === "uploads a month");
    const [head, , ...body] = rows.slice(start, start + model.prices.loads.length + 2);
    // `npm run cost -w deploy/cdk` prints the table.
    expect([head, ...body]).toEqual(costTable(model));
  });

  it("takes as many hours of an instance as were measured, for 1080p with the default ladder", () => {
    const { slotsPerInstance, instanceTypes } = model.policy;
    const speed = slotSpeed(machineOf(instanceTypes.arm64[0] ?? ""), slotsPerInstance) * slotsPerInstance;
    const share = model.prices.assumptions.instanceHoursPerVideoHour / (cpuPerVideoSecond("1080") / speed);
    // Each measurement differs a little: the table need not.
    expect(Math.abs(share - 1)).toBeLessThan(0.3);
  });

  it("is said with the region and the dates of its prices", () => {
    expect(document).toContain(
      `By list prices of ${model.prices.region}: instances as of ${PRICES.asOf}, everything else as of ${model.prices.asOf}`,
    );
    expect(PRICES.region).toBe(model.prices.region);
  });

  it("is of encoding in proportion to the videos above the first instance, and stands whatever they are", () => {
    const of = (uploadsPerMonth: number) => estimate({ uploadsPerMonth, minutesEach: 10 }, model);
    expect(of(300_000).encoding - of(200_000).encoding).toBeCloseTo(of(200_000).encoding - of(100_000).encoding);
    expect(of(200_000).standing).toBe(of(100_000).standing);
    expect(estimate({ uploadsPerMonth: 0, minutesEach: 0 }, model)).toMatchObject({ encoding: 0, requests: 0, storage: 0, delivery: 0 });
  });

  it("rises with the On-Demand share, and with the instances that are On-Demand always", () => {
    const at = (share: Partial<typeof model.policy>): number =>
      estimate({ uploadsPerMonth: 10_000, minutesEach: 10 }, { ...model, policy: { ...model.policy, ...share } }).encoding;
    expect(at({ onDemandPercentAboveBase: 0 })).toBeLessThan(at({ onDemandPercentAboveBase: 50 }));
    expect(at({ onDemandBaseInstances: 0 })).toBeLessThan(at({ onDemandBaseInstances: 1 }));
  });
});
