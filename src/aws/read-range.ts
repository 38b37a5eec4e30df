import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { S3Client } from "@aws-sdk/client-s3";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { StorageError } from "../domain/errors.ts";
import type { ReadRange } from "../pipeline/ports.ts";
import { translateS3Error } from "./errors.ts";
import { quotedEtag } from "./etag.ts";
import { retrying } from "./retry.ts";

const TRIES = 3;

/** Reads ranges of sources in S3, each pinned to the ETag that HEAD saw, and to the version if one is named. */
export function createRangeReader(client: S3Client): ReadRange {
  return async ({ ref, etag }, { from, to }, signal) => {
    const { bucket, key, versionId } = ref;
    const attempt = async (): Promise<Buffer> => {
      try {
        const command = new GetObjectCommand({
          ...{ Bucket: bucket, Key: key, Range: `bytes=${from}-${to - 1}`, IfMatch: quotedEtag(etag) },
          ...(versionId === undefined ? {} : { VersionId: versionId }),
        });
        const { Body, ContentLength } = await client.send(command, { abortSignal: signal });
        const facts = { bucket, key, asked: to - from, sent: ContentLength };
        // A server that ignores Range sends the object from its start.
        if (!(Body instanceof Readable) || ContentLength !== to - from) {
          if (Body instanceof Readable) Body.destroy();
          throw new StorageError("S3 sent another range than asked for", { facts });
        }
        const bytes = await buffer(Body);
        if (bytes.length !== to - from) throw new StorageError("the body ended early", { facts });
        return bytes;
      } catch (error) {
        throw translateS3Error(error, { side: "source", bucket, key, signal });
      }
    };
    return retrying(attempt, { tries: TRIES, signal });
  };
}
