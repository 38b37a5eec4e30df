import { ENGINES } from "../domain/job.ts";
import { parseFailpoint } from "../lifecycle/failpoint.ts";

/** The part of a schema entry that a format reads. */
interface Bounds {
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** A convict format: `coerce` reads the text of an environment variable and never throws; `validate` throws what is wrong. */
export interface ValueFormat {
  validate(value: unknown, bounds: Bounds): void;
  coerce(text: string): unknown;
}

/** S3 User Guide, bucket naming rules: 3-63 characters, lower case letters, digits, dots and hyphens. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** Folders of a key, the last one with or without its slash, that a URL would not fold away. */
const PREFIX = /^(?:(?!\.{1,2}\/)[\w!.*'()-]+\/)*(?:(?!\.{1,2}$)[\w!.*'()-]+)?$/;

/** CloudWatch, PutMetricData: 1-255 of these characters; AWS/ is for AWS's own. */
const NAMESPACE = /^(?!AWS\/|:)[\w.\-/#:]{1,255}$/;

/** A path in which something tells sources apart, and no placeholder that nobody fills in. */
const TEMPLATE = /^(?=.*\{key(?: without extension)?\})(?:[^{}]|\{(?:key without extension|key|bucket)\})+$/;
const TEMPLATE_KEYS = "{key} or {key without extension}, beside them {bucket} at most";

const asIs = (text: string): string => text;
/** parseInt would read "9464x" as 9464; Number does not. */
const toNumber = (text: string): unknown => (/^\s*-?\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) : text);
const toList = (text: string): readonly string[] => text.split(",").map((item) => item.trim());

function check(holds: boolean, demand: string): asserts holds {
  if (!holds) throw new Error(demand);
}

function checkNumber(value: unknown, { minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Bounds): asserts value is number {
  check(typeof value === "number" && Number.isFinite(value), "must be a number");
  check(value >= minimum && value <= maximum, `must be ${range(minimum, maximum)}`);
}

const range = (minimum: number, maximum: number): string =>
  maximum === Number.MAX_SAFE_INTEGER ? `at least ${minimum}` : `from ${minimum} to ${maximum}`;

function checkList(value: unknown, isItem: (item: string) => boolean, demand: string): void {
  check(Array.isArray(value), "must be a list");
  const wrong = value.filter((item: unknown) => typeof item !== "string" || !isItem(item));
  check(wrong.length === 0, `${demand}, but names ${wrong.map((item) => JSON.stringify(item)).join(", ")}`);
  check(new Set(value).size === value.length, "must not name one thing twice");
}

const isUrl = (value: unknown): boolean => typeof value === "string" && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);

const matches =
  (pattern: RegExp, demand: string) =>
  (value: unknown): void =>
    check(typeof value === "string" && pattern.test(value), demand);

/** The formats of the schema beside convict's lists of allowed words. Numbers take `minimum` and `maximum` from their entry. */
export const FORMATS: Readonly<Record<string, ValueFormat>> = {
  text: { coerce: asIs, validate: matches(/\S/, "must be text") },
  url: { coerce: asIs, validate: (value) => check(isUrl(value), "must be an http or https URL") },
  bucket: { coerce: asIs, validate: matches(BUCKET, "must be the name of an S3 bucket") },
  account: { coerce: asIs, validate: matches(/^\d{12}$/, "must be the 12 digits of an AWS account") },
  role: { coerce: asIs, validate: matches(/^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/, "must be the ARN of an IAM role") },
  topic: { coerce: asIs, validate: matches(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]{1,256}$/, "must be the ARN of a standard SNS topic") },
  "event-bus": {
    coerce: asIs,
    validate: matches(/^arn:[\w-]+:events:[\w-]+:\d{12}:event-bus\/[\w./-]{1,256}$/, "must be the ARN of an event bus"),
  },
  "secret-reference": { coerce: asIs, validate: matches(/^(?:env:[A-Za-z_]\w*|file:\/.+)$/, 'must be "env:NAME" or "file:/path"') },
  pipeline: { coerce: asIs, validate: matches(/^\d{13}-[0-9a-z]{6}$/, "must be the id of a pipeline, such as 1111111111111-abcde1") },
  namespace: {
    coerce: asIs,
    validate: matches(NAMESPACE, "must be a CloudWatch namespace: letters, digits and any of .-_/#:, but not AWS/ at its begin"),
  },
  prefix: { coerce: asIs, validate: matches(PREFIX, "must be folders of a key, without a slash before them") },
  version: { coerce: asIs, validate: matches(/^\d+(?:\.\d+){0,2}$/, 'must be a version such as "5.1"') },
  template: { coerce: asIs, validate: matches(TEMPLATE, `must have ${TEMPLATE_KEYS}, or every source would claim one path`) },
  number: { coerce: toNumber, validate: checkNumber },
  "whole-number": {
    coerce: toNumber,
    validate: (value, bounds) => {
      checkNumber(value, bounds);
      check(Number.isInteger(value), "must be a whole number");
    },
  },
  flag: {
    coerce: (text) => ({ true: true, "1": true, false: false, "0": false })[text.toLowerCase()] ?? text,
    validate: (value) => check(typeof value === "boolean", "must be true or false"),
  },
  failpoint: {
    coerce: asIs,
    validate: (value) =>
      check(typeof value === "string" && parseFailpoint(value) !== undefined, "must be NAME:PASSING:ACTION of a failpoint"),
  },
  buckets: { coerce: toList, validate: (value) => checkList(value, (item) => BUCKET.test(item), "must be names of S3 buckets") },
  engines: {
    coerce: toList,
    validate: (value) => {
      checkList(value, (item) => ENGINES.some((engine) => engine === item), `must be among ${ENGINES.join(", ")}`);
      check(Array.isArray(value) && value.length > 0, "must name at least one engine");
    },
  },
};
