import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { S3Client } from "@aws-sdk/client-s3";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { StorageError } from "../domain/errors.ts";
import { translateS3Error } from "./errors.ts";
import { retrying } from "./retry.ts";

const TRIES = 3;

/** Writes an object of the published bucket to `path`, from its start at each try. Throws JobErrors. */
export async function readObject(
  { client, bucket, key, path }: { readonly client: S3Client; readonly bucket: string; readonly key: string; readonly path: string },
  signal?: AbortSignal,
): Promise<void> {
  const options = signal ? { abortSignal: signal } : {};
  const attempt = async (): Promise<void> => {
    try {
      const { Body, ContentLength } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), options);
      if (!(Body instanceof Readable)) throw new StorageError("S3 answered without a body", { facts: { bucket, key } });
      const file = createWriteStream(path, { mode: 0o600 });
      await pipeline(Body, file, signal ? { signal } : {});
      if (file.bytesWritten !== ContentLength) throw new StorageError("S3 broke an object off", { facts: { bucket, key } });
    } catch (error) {
      throw translateS3Error(error, { side: "destination", bucket, key, signal });
    }
  };
  await retrying(attempt, { tries: TRIES, signal });
}
