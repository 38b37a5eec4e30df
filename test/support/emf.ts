import { z } from "zod";

/** CloudWatch, MetricDatum: the units that are used here. */
const unit = z.enum(["Seconds", "Bytes", "Percent", "Count", "None"]);
const name = z.string().min(1).max(255);
const definition = z.strictObject({ Name: name, Unit: unit.optional(), StorageResolution: z.literal([1, 60]).optional() });
const directive = z.strictObject({
  Namespace: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[^:].*$/),
  Dimensions: z.array(z.array(name).max(30)).min(1),
  Metrics: z.array(definition).min(1).max(100),
});
const target = z.union([z.number(), z.array(z.number()).min(1).max(100)]);
const document = z.looseObject({
  _aws: z.strictObject({ Timestamp: z.int().min(1_500_000_000_000), CloudWatchMetrics: z.array(directive).min(1) }),
});

/** A document in CloudWatch's embedded metric format, as CloudWatch reads it. */
export interface EmfLine {
  readonly namespace: string;
  readonly atMs: number;
  readonly units: ReadonlyMap<string, string | undefined>;
  readonly values: ReadonlyMap<string, number | readonly number[]>;
}

/** The log line's size that CloudWatch takes. */
const MAX_BYTES = 256 * 1024;

/** Reads a log line by the format's specification; throws what breaks it. */
export function readEmf(line: string): EmfLine {
  if (Buffer.byteLength(line) > MAX_BYTES) throw new Error("the line is too long");
  const { _aws: about, ...members } = document.parse(JSON.parse(line));
  const [first, ...more] = about.CloudWatchMetrics;
  if (!first || more.length > 0) throw new Error("one set of metrics was expected");
  for (const dimension of first.Dimensions.flat()) z.string().min(1).max(1024).parse(members[dimension]);
  const names = first.Metrics.map(({ Name }) => Name);
  if (new Set(names).size !== names.length) throw new Error("a metric is named twice");
  return {
    namespace: first.Namespace,
    atMs: about.Timestamp,
    units: new Map(first.Metrics.map(({ Name, Unit }) => [Name, Unit])),
    values: new Map(names.map((metric) => [metric, target.parse(members[metric])])),
  };
}
