import { GetObjectCommand, NoSuchKey, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import { z } from "zod";
import { TEST_BUCKETS } from "./embedded-aws.ts";
import type { Site } from "./site.ts";
import { until } from "./until.ts";

const rendition = z.strictObject({
  id: z.string(),
  kind: z.enum(["video", "audio"]),
  codecs: z.string(),
  width: z.int().optional(),
  height: z.int().optional(),
  averageBps: z.int().positive(),
  peakBps: z.int().positive(),
});

/** asset.json as ARCHITECTURE.md describes it; strict, since it is public. */
const assetSchema = z.strictObject({
  ladderd: z.literal(1),
  assetPath: z.string(),
  complete: z.literal(false).optional(),
  pinned: z.literal(true).optional(),
  revision: z.string().regex(/^\d{8}T\d{6}-[0-9a-f]{8}$/),
  previous: z
    .string()
    .regex(/^\d{8}T\d{6}-[0-9a-f]{8}$/)
    .optional(),
  withdrawn: z.strictObject({ sourceId: z.string(), ladderHash: z.string(), at: z.iso.datetime() }).optional(),
  source: z.strictObject({ id: z.string(), sizeBytes: z.int().positive() }),
  durationSeconds: z.number().positive(),
  width: z.int().optional(),
  height: z.int().optional(),
  frameRate: z.string().optional(),
  renditions: z.array(rendition).nonempty(),
  audio: z.array(z.looseObject({ id: z.string(), language: z.string(), channels: z.int(), default: z.boolean() })),
  text: z.array(z.looseObject({ id: z.string(), language: z.string() })),
  poster: z.string().optional(),
  storyboard: z.string().optional(),
  hls: z.literal("index.m3u8"),
  dash: z.literal("index.mpd"),
  keys: z.record(z.string(), z.string()).optional(),
  encryption: z.strictObject({ scheme: z.enum(["cbcs", "cenc"]), keyId: z.string().regex(/^[0-9a-f]{32}$/) }).optional(),
  engine: z.enum(["elastic-transcoder", "mediaconvert", "ffmpeg"]),
  bytes: z.int().positive(),
  encodeSeconds: z.number().nonnegative(),
  estimate: z.strictObject({ basis: z.enum(["content", "caps"]), bytes: z.int().positive(), encodeSeconds: z.number().nonnegative() }),
  ladder: z.string(),
  ladderHash: z.string(),
  degraded: z.array(z.string()).optional(),
  createdAt: z.iso.datetime(),
  publishedAt: z.iso.datetime(),
});
export type Asset = z.infer<typeof assetSchema>;

const failureSchema = z.looseObject({ ladderd: z.literal(1), code: z.string(), reason: z.string(), failures: z.int(), body: z.string() });
export type Failure = z.infer<typeof failureSchema> & { readonly key: string };

type Stores = Pick<Site, "s3">;

/** Keys below `prefix`, in order. */
export async function keysOf({ s3 }: Stores, prefix: string, bucket: string = TEST_BUCKETS.publish): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix }))
    keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
  return keys;
}

/** The object's text; undefined when there is none. */
export async function textOf({ s3 }: Stores, key: string, bucket: string = TEST_BUCKETS.publish): Promise<string | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return await Body?.transformToString();
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

/** What is published at this path; undefined when nothing is. Throws when asset.json is not as described. */
export async function assetAt(site: Stores, assetPath: string): Promise<Asset | undefined> {
  const text = await textOf(site, `${assetPath}/asset.json`);
  return text === undefined ? undefined : assetSchema.parse(JSON.parse(text));
}

/** Waits until asset.json, and after it the pointers, are there; `not` is the revision that was there before. */
export async function publishedAt(site: Stores, assetPath: string, { not = "", timeoutMs = 90_000 } = {}): Promise<Asset> {
  return until(
    `${assetPath} is published`,
    async () => {
      const asset = await assetAt(site, assetPath);
      if (asset === undefined || asset.revision === not) return undefined;
      const playlist = await textOf(site, `${assetPath}/index.m3u8`);
      return playlist?.includes(asset.revision) ? asset : undefined;
    },
    timeoutMs,
  );
}

/** All failure records. */
export async function failuresOf(site: Stores): Promise<readonly Failure[]> {
  const keys = await keysOf(site, "failures/", TEST_BUCKETS.state);
  return Promise.all(
    keys.map(async (key) => ({ ...failureSchema.parse(JSON.parse((await textOf(site, key, TEST_BUCKETS.state)) ?? "")), key })),
  );
}
