import { readFileSync } from "node:fs";

import { z } from "zod";

import { KEEPABLE_DAYS } from "./retention.ts";

const bucketOrigin = z.string().regex(/^https?:\/\/[^/*]+$|^\*$/, "must be an origin such as https://player.example, or *");
const keepable = z.literal(KEEPABLE_DAYS);
const days = z.number().int().min(1).max(3650);
const arnOf = (service: string) => z.string().regex(new RegExp(`^arn:aws[a-z-]*:${service}:`), `must be an ARN of ${service}`);

/** Room for the largest source that is common, at a throughput that a fetch from S3 reaches. */
export const DEFAULT_VOLUME = { kind: "gp3", sizeGiB: 100, iops: 3000, throughputMiBs: 250 } as const;

const volume = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("gp3"),
    sizeGiB: z.number().int().min(20).max(16_384),
    iops: z.number().int().min(3000).max(16_000).default(DEFAULT_VOLUME.iops),
    throughputMiBs: z.number().int().min(125).max(1000).default(DEFAULT_VOLUME.throughputMiBs),
  }),
  z.strictObject({ kind: z.literal("instance-store") }),
]);

/** Spot capacity differs by zone; a few regions have two of them for a new account. */
const zones = z.number().int().min(2).max(4).default(3);
/** Who may read the workers' metrics and status page, which ask for no password. */
const scrapers = z.array(z.cidrv4().refine((range) => !range.endsWith("/0"), "must not be everybody")).default([]);
const network = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("public"), scrapers, zones }),
  z.strictObject({ kind: z.literal("nat"), scrapers, zones, gateways: z.number().int().min(1).max(3).default(1) }),
  z.strictObject({
    kind: z.literal("existing"),
    scrapers,
    vpcId: z.string().regex(/^vpc-(?:[0-9a-f]{8}|[0-9a-f]{17})$/),
    availabilityZones: z.array(z.string()).min(1),
    subnetIds: z.array(z.string().regex(/^subnet-(?:[0-9a-f]{8}|[0-9a-f]{17})$/)).min(1),
  }),
]);

const source = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("codecommit"), repository: z.string().min(1), branch: z.string().min(1).default("main") }),
  z.strictObject({
    kind: z.literal("connection"),
    arn: z.string().regex(/^arn:aws[a-z-]*:(?:codeconnections|codestar-connections):/, "must be the ARN of a connection"),
    owner: z.string().min(1),
    repository: z.string().min(1),
    branch: z.string().min(1).default("main"),
  }),
]);

const signing = z.strictObject({
  /** PEM of RSA or ECDSA public keys; two while one takes the place of the other. */
  publicKeys: z.array(z.string().startsWith("-----BEGIN PUBLIC KEY-----")).min(1).max(5),
  /** Signed cookies need credentials in CORS, and those need named origins. */
  cookies: z.boolean().default(false),
});

const firewall = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("existing"), arn: arnOf("wafv2") }),
  z.strictObject({ kind: z.literal("create"), requestsPerFiveMinutes: z.number().int().min(100).max(2_000_000_000).default(10_000) }),
]);

const delivery = z.strictObject({
  playerOrigins: z.array(bucketOrigin).min(1).default(["*"]),
  domain: z.strictObject({ name: z.string().min(3), certificateArn: arnOf("acm") }).optional(),
  priceClass: z.enum(["100", "200", "all"]).default("100"),
  signing: signing.optional(),
  firewall: firewall.default({ kind: "none" }),
});

/** Every parameter, with its default and its bounds. */
export const settingsSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{1,19}$/, "must be 2 to 20 lower-case letters, digits and hyphens"),
    region: z.string().regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/),
    engines: z.array(z.enum(["ffmpeg", "mediaconvert", "elastic-transcoder"])).min(1),
    uploads: z.strictObject({
      browserOrigins: z.array(bucketOrigin).default([]),
      expireDays: days.optional(),
      noncurrentDays: days.default(30),
    }),
    published: z.strictObject({ noncurrentDays: days.default(14) }),
    delivery,
    network,
    instances: z.strictObject({
      architecture: z.enum(["arm64", "x86_64"]).default("arm64"),
      operatingSystem: z.enum(["ubuntu-24.04", "debian-12"]).default("ubuntu-24.04"),
      /** In place of those in deploy/fleet/policy.json. */
      types: z
        .array(z.string().regex(/^[a-z0-9-]+\.[a-z0-9]+$/))
        .min(1)
        .optional(),
      workVolume: volume.default(DEFAULT_VOLUME),
      maximumAgeDays: z.number().int().min(1).max(365).default(30),
      sessionManager: z.boolean().default(false),
    }),
    /** More lines of the worker's environment file. */
    environment: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string().regex(/^[^\n\r'"\\$`]*$/, "must be one plain line")),
    source: source.nullish(),
    alarms: z.strictObject({
      email: z.email().optional(),
      oldestMessageSeconds: z.number().int().min(60).default(1800),
      noPublishMinutes: z.number().int().min(15).max(600).multipleOf(5).default(60),
    }),
    logs: z.strictObject({ workerDays: keepable.default(30), accessDays: days.default(90) }),
    recovery: z.strictObject({
      replicaRegion: z.string().optional(),
      backupDays: days.optional(),
    }),
  })
  .superRefine((settings, context) => {
    for (const { path, message } of conflicts(settings)) context.addIssue({ code: "custom", path: [...path], message });
  });

/** What the stacks are made from, checked: every parameter of docs/aws.md. */
export type Settings = z.infer<typeof settingsSchema>;

interface Conflict {
  readonly path: readonly string[];
  readonly message: string;
}

/** Instance types with local NVMe carry a d after the generation: c7gd, m6id, i4i and im4gn are storage families. */
const WITH_STORE = /^(?:[a-z]+\d[a-z]*d[a-z]*|i[a-z]*\d[a-z]*|d3[a-z]*)\./;

interface Judged {
  readonly region: string;
  readonly delivery: z.infer<typeof delivery>;
  readonly instances: { readonly types?: readonly string[] | undefined; readonly workVolume: z.infer<typeof volume> };
  readonly recovery: { readonly replicaRegion?: string | undefined };
}

const conflicts = (settings: Judged): readonly Conflict[] => CONFLICTS.filter(({ isSo }) => isSo(settings));

const CONFLICTS: readonly (Conflict & { isSo(settings: Judged): boolean })[] = [
  {
    path: ["delivery", "playerOrigins"],
    message: "must name the origins when cookies are signed",
    isSo: ({ delivery: { signing: keys, playerOrigins } }) => keys?.cookies === true && playerOrigins.includes("*"),
  },
  {
    path: ["delivery", "firewall"],
    message: "CloudFront's web ACLs live in us-east-1: create it there and give its ARN",
    isSo: ({ delivery: { firewall: acl }, region }) => acl.kind === "create" && region !== "us-east-1",
  },
  {
    path: ["delivery", "domain", "certificateArn"],
    message: "CloudFront takes certificates of us-east-1",
    isSo: ({ delivery: { domain } }) => domain?.certificateArn.includes(":us-east-1:") === false,
  },
  {
    path: ["recovery", "replicaRegion"],
    message: "must be another region",
    isSo: ({ recovery, region }) => recovery.replicaRegion === region,
  },
  {
    path: ["instances", "types"],
    message: "instance-store needs types with local NVMe, such as c7gd.xlarge",
    isSo: ({ instances: { workVolume, types = ["none"] } }) =>
      workVolume.kind === "instance-store" && !types.every((type) => WITH_STORE.test(type)),
  },
];

const DEFAULTS = {
  name: "ladderd",
  region: "us-east-1",
  engines: ["ffmpeg"],
  uploads: {},
  published: {},
  delivery: {},
  network: { kind: "public" },
  instances: {},
  environment: {},
  source: { kind: "codecommit", repository: "ladderd" },
  alarms: {},
  logs: {},
  recovery: {},
} as const;

/** The settings with what was left out filled in; throws one error that names every wrong one. */
export function readSettings(given: Readonly<Record<string, unknown>> = {}): Settings {
  const parsed = settingsSchema.safeParse({ ...DEFAULTS, ...given });
  if (parsed.success) return parsed.data;
  throw new Error(`settings: ${parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")}`);
}

/** The settings of a JSON file; without a file the defaults. */
export function loadSettings(file: string | undefined): Settings {
  if (file === undefined) return readSettings();
  return readSettings(z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(file, "utf8"))));
}
