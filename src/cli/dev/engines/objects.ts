import { createReadStream, createWriteStream } from "node:fs";
import { extname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { z } from "zod";
import { createSlots } from "./slots.ts";

/** Where an embedded service finds the others. */
export interface AwsPlace {
  readonly endpoint: string;
  readonly region: string;
}

/** The settings of any SDK client of the embedded AWS. */
export const embeddedClient = ({ endpoint, region }: AwsPlace) => ({
  endpoint,
  region,
  credentials: { accessKeyId: "embedded", secretAccessKey: "embedded" },
});

export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

/** The embedded S3 as the services use it. */
export interface Objects {
  /** Its ETag; undefined when it is not there. */
  etagOf(place: ObjectPlace): Promise<string | undefined>;
  /** Throws ObjectMissing when it is not there. */
  download(place: ObjectPlace, file: string, signal: AbortSignal): Promise<void>;
  /** Uploads files of a folder below a prefix. */
  upload(files: readonly string[], from: string, to: { readonly bucket: string; readonly prefix: string }): Promise<void>;
  close(): void;
}

/** The bucket or the key does not exist. */
export class ObjectMissing extends Error {}

/** The body limit of the embedded S3 is 11 MiB. */
const PART_BYTES = 8 * 1024 * 1024;
/** Of all jobs together: the client would warn of more than its sockets. */
const UPLOADS_AT_ONCE = 16;

const TYPES: Readonly<Record<string, string>> = {
  ".m3u8": "application/vnd.apple.mpegurl",
  ".mpd": "application/dash+xml",
  ".cmfv": "video/mp4",
  ".cmfa": "audio/mp4",
  ".mp4": "video/mp4",
  ".ts": "video/mp2t",
  ".vtt": "text/vtt",
  ".jpg": "image/jpeg",
  ".png": "image/png",
};

const missing = z.object({ $metadata: z.object({ httpStatusCode: z.literal(404) }) });

/** Opens a client of its own. */
export function openObjects(place: AwsPlace): Objects {
  const client = new S3Client({ ...embeddedClient(place), forcePathStyle: true });
  const slots = createSlots(UPLOADS_AT_ONCE);
  const uploadOne = async (file: string, { from, bucket, prefix }: { from: string; bucket: string; prefix: string }): Promise<void> => {
    const giveBack = await slots.take();
    try {
      const Body = createReadStream(join(from, file));
      const ContentType = TYPES[extname(file)] ?? "application/octet-stream";
      const params = { Bucket: bucket, Key: `${prefix}${file}`, Body, ContentType };
      await new Upload({ client, params, partSize: PART_BYTES, queueSize: 1 }).done();
    } finally {
      giveBack();
    }
  };
  return {
    etagOf: async ({ bucket, key }) => {
      const found = client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return found.then(
        ({ ETag = "" }) => ETag,
        (error: unknown) => {
          if (missing.safeParse(error).success) return undefined;
          throw error;
        },
      );
    },
    download: async ({ bucket, key }, file, signal) => {
      const { Body } = await client
        .send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal })
        .catch((error: unknown) => {
          throw missing.safeParse(error).success ? new ObjectMissing(`s3://${bucket}/${key}`) : error;
        });
      if (Body instanceof Readable) await pipeline(Body, createWriteStream(file), { signal });
    },
    upload: async (files, from, to) => {
      const ends = await Promise.allSettled(files.map((file) => uploadOne(file, { from, ...to })));
      const errors = ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
      if (errors.length > 0) throw new AggregateError(errors, "the outputs could not be written");
    },
    close: () => client.destroy(),
  };
}
