import { createReadStream } from "node:fs";
import { GetObjectCommand, NoSuchKey, S3Client, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { z } from "zod";

/** The part of asset.json that dev relies on; the page shows the rest when it is there. */
const publishedAsset = z.looseObject({
  ladderd: z.literal(1),
  assetPath: z.string(),
  revision: z.string(),
  publishedAt: z.string().optional(),
});
export type PublishedAsset = z.infer<typeof publishedAsset>;

/** The embedded buckets as dev uses them. */
export interface Storage {
  /** Uploads a file in parts of 8 MiB (fauxqs takes 11 MiB at most in one request). */
  upload(file: { readonly path: string; readonly bucket: string; readonly key: string }, signal: AbortSignal): Promise<void>;
  /** Every key below a prefix. */
  keys(bucket: string, prefix: string): Promise<readonly string[]>;
  /** The asset.json of an asset; undefined when there is none or it is no such thing. */
  asset(bucket: string, assetPath: string): Promise<PublishedAsset | undefined>;
  /** All published assets, the newest first. */
  assets(bucket: string): Promise<readonly PublishedAsset[]>;
  close(): void;
}

const PART_BYTES = 8 * 1024 * 1024;
const ASSET_FILE = "/asset.json";

/** S3 as it is served on this endpoint, which takes any credentials. The caller closes it. */
export function createStorage({ endpoint, region }: { readonly endpoint: string; readonly region: string }): Storage {
  const credentials = { accessKeyId: "embedded", secretAccessKey: "embedded" };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const byEtag = new Map<string, PublishedAsset | undefined>();

  const read = async (bucket: string, key: string, etag: string): Promise<PublishedAsset | undefined> => {
    const cached = `${key}\n${etag}`;
    if (!byEtag.has(cached)) byEtag.set(cached, await readAsset({ client, bucket, key }));
    return byEtag.get(cached);
  };

  return {
    async upload({ path, bucket, key }, signal) {
      const upload = new Upload({
        client,
        params: { Bucket: bucket, Key: key, Body: createReadStream(path, { highWaterMark: 1024 * 1024 }) },
        partSize: PART_BYTES,
        queueSize: 2,
      });
      const abort = (): void => void upload.abort();
      signal.addEventListener("abort", abort, { once: true });
      await upload.done().finally(() => signal.removeEventListener("abort", abort));
    },
    async keys(bucket, prefix) {
      return (await list({ client, bucket, prefix })).map(({ key }) => key);
    },
    asset: (bucket, assetPath) => readAsset({ client, bucket, key: assetPath + ASSET_FILE }),
    async assets(bucket) {
      const found = (await list({ client, bucket, prefix: "" })).filter(({ key }) => key.endsWith(ASSET_FILE));
      const assets = await Promise.all(found.map(({ key, etag }) => read(bucket, key, etag)));
      return assets.filter((asset) => asset !== undefined).toSorted((a, b) => (b.publishedAt ?? "").localeCompare(a.publishedAt ?? ""));
    },
    close: () => client.destroy(),
  };
}

interface Place {
  readonly client: S3Client;
  readonly bucket: string;
}

async function list({ client, bucket, prefix }: Place & { prefix: string }): Promise<readonly { key: string; etag: string }[]> {
  const found: { key: string; etag: string }[] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key = "", ETag = "" } of page.Contents ?? []) found.push({ key: Key, etag: ETag });
  }
  return found;
}

async function readAsset({ client, bucket, key }: Place & { key: string }): Promise<PublishedAsset | undefined> {
  const found = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key })).catch(noSuchKey);
  const asset = publishedAsset.safeParse(parseJson((await found?.Body?.transformToString()) ?? ""));
  return asset.success && asset.data.assetPath + ASSET_FILE === key ? asset.data : undefined;
}

function noSuchKey(error: unknown): undefined {
  if (!(error instanceof NoSuchKey)) throw error;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
