import type { S3Client } from "@aws-sdk/client-s3";
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { z } from "zod";
import { DestinationError, StorageError } from "../domain/errors.ts";
import type { ListedObject, ObjectHeaders, ObjectStore, WriteCondition } from "../pipeline/ports.ts";
import { PreconditionFailed } from "../pipeline/ports.ts";
import { createBufferDebt } from "./buffer-debt.ts";
import type { S3Call } from "./errors.ts";
import { s3Status, translateS3Error } from "./errors.ts";
import { bareEtag, quotedEtag } from "./etag.ts";
import { readObject } from "./read-object.ts";
import { listedKey } from "./listed-key.ts";
import { retrying } from "./retry.ts";
import { uploadFile } from "./upload-file.ts";

/** S3's limit of a DeleteObjects request. */
const DELETE_BATCH = 1000;
/** A conflict (409) is of two conditional writes at the same moment. */
const CONFLICT_TRIES = 4;
const COPY_TRIES = 3;

/**
 * The bucket as an ObjectStore. A conditional write that answers PreconditionFailed may still have been made by this very
 * call: when the answer of the first try was lost, the SDK's second finds our own object. The caller reads back and decides.
 */
export function createS3ObjectStore(client: S3Client, bucket: string): ObjectStore {
  const spent = createBufferDebt();
  const place = { client, bucket };
  return {
    readText: async (key, signal) => readText({ ...place, key }, signal),
    writeText: async (object, signal) => writeText({ ...place, ...object }, signal),
    uploadFile: async (object, signal) => uploadFile({ ...place, ...object, spent }, signal),
    copy: async (from, to, signal) => copy({ ...place, from, to }, signal),
    copyAs: async (object, signal) => copy({ ...place, ...object }, signal),
    downloadFile: async (object, signal) => readObject({ ...place, ...object }, signal),
    list: async (prefix, signal) => list({ ...place, prefix }, signal),
    remove: async (keys, signal) => {
      for (let at = 0; at < keys.length; at += DELETE_BATCH)
        await removeBatch({ ...place, keys: keys.slice(at, at + DELETE_BATCH) }, signal);
    },
    removeMatching: async (object, signal) => removeMatching({ ...place, ...object }, signal),
  };
}

interface Place {
  readonly client: S3Client;
  readonly bucket: string;
}

const optionsOf = (signal: AbortSignal | undefined) => (signal ? { abortSignal: signal } : {});

async function readText({ client, bucket, key }: Place & { key: string }, signal?: AbortSignal) {
  const call: S3Call = { side: "destination", bucket, key, signal };
  const read = async () => {
    try {
      const command = new GetObjectCommand({ Bucket: bucket, Key: key });
      const answeredAt = dateOfAnswer(command);
      const { Body, ETag, LastModified } = await client.send(command, optionsOf(signal));
      if (!Body || ETag === undefined) throw new StorageError("S3 answered without a body or an ETag", { facts: { bucket, key } });
      const readAtMs = answeredAt() ?? Date.now();
      const ageSeconds = Math.max(0, (readAtMs - (LastModified?.getTime() ?? 0)) / 1000);
      return { text: await Body.transformToString(), etag: bareEtag(ETag), ageSeconds, readAtMs };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw translateS3Error(error, call);
    }
  };
  // The SDK's own tries end with the headers; the body may still break off.
  return retrying(read, { tries: 2, signal });
}

const dated = z.object({ headers: z.object({ date: z.string() }) });

/** The answer's own date, in Unix milliseconds: S3's clock, as the object's is; the worker's may be wrong. */
function dateOfAnswer(command: GetObjectCommand): () => number | undefined {
  let date: number | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = Date.parse(dated.safeParse(result.response).data?.headers.date ?? "");
      return result;
    },
    { step: "deserialize" },
  );
  return () => (date === undefined || Number.isNaN(date) ? undefined : date);
}

interface TextWrite extends Place {
  readonly key: string;
  readonly text: string;
  readonly headers: ObjectHeaders;
  readonly condition?: WriteCondition;
}

async function writeText({ client, bucket, key, text, headers, condition }: TextWrite, signal?: AbortSignal): Promise<{ etag: string }> {
  const call: S3Call = { side: "destination", bucket, key, signal };
  const put = async () =>
    client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: text,
        ContentType: headers.contentType,
        CacheControl: headers.cacheControl,
        ...conditionOf(condition),
      }),
      optionsOf(signal),
    );
  try {
    const { ETag } = await retrying(put, { tries: CONFLICT_TRIES, signal, retryable: isConflict });
    if (ETag === undefined) throw new StorageError("S3 wrote without an ETag", { facts: { bucket, key } });
    return { etag: bareEtag(ETag) };
  } catch (error) {
    throw condition?.kind === "match" ? unmatched(error, call) : translateS3Error(error, call);
  }
}

const isMissing = (error: unknown): boolean => s3Status(error) === 404 && error instanceof Error && error.name !== "NoSuchBucket";
const isConflict = (error: unknown): boolean => s3Status(error) === 409;

/** If-Match on an object that is gone answers 404. */
const unmatched = (error: unknown, call: S3Call): Error =>
  isMissing(error) ? new PreconditionFailed(`no object is at ${call.key ?? ""}`, { cause: error }) : translateS3Error(error, call);

function conditionOf(condition: WriteCondition | undefined): { IfNoneMatch?: string; IfMatch?: string } {
  if (!condition) return {};
  return condition.kind === "absent" ? { IfNoneMatch: "*" } : { IfMatch: quotedEtag(condition.etag) };
}

/** S3 reads the header as a URL path. */
const copySource = (bucket: string, key: string): string => [bucket, ...key.split("/")].map(encodeURIComponent).join("/");

interface Copy extends Place {
  readonly from: string;
  readonly to: string;
  /** Those of the object when absent. */
  readonly headers?: ObjectHeaders;
}

async function copy({ client, bucket, from, to, headers }: Copy, signal?: AbortSignal): Promise<void> {
  const replaced = headers
    ? ({ MetadataDirective: "REPLACE", ContentType: headers.contentType, CacheControl: headers.cacheControl } as const)
    : {};
  const input = { Bucket: bucket, Key: to, CopySource: copySource(bucket, from), ...replaced };
  const attempt = async (): Promise<void> => {
    try {
      await client.send(new CopyObjectCommand(input), optionsOf(signal));
    } catch (error) {
      throw translateS3Error(error, { side: "destination", bucket, key: from, signal });
    }
  };
  // An error after the headers, in a 200, is none that the SDK tries again.
  await retrying(attempt, { tries: COPY_TRIES, signal });
}

async function list({ client, bucket, prefix }: Place & { prefix: string }, signal?: AbortSignal): Promise<readonly ListedObject[]> {
  const found: ListedObject[] = [];
  try {
    let token: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          EncodingType: "url",
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
        optionsOf(signal),
      );
      for (const { Key, Size } of page.Contents ?? [])
        if (Key !== undefined) found.push({ key: listedKey(Key, page.EncodingType), sizeBytes: Size ?? 0 });
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
    return found;
  } catch (error) {
    throw translateS3Error(error, { side: "destination", bucket, key: prefix, signal });
  }
}

async function removeBatch({ client, bucket, keys }: Place & { keys: readonly string[] }, signal?: AbortSignal): Promise<void> {
  try {
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true } }),
      optionsOf(signal),
    );
    const [first] = Errors;
    if (!first) return;
    const facts = { bucket, key: first.Key, s3Error: first.Code, refused: Errors.length };
    throw first.Code === "AccessDenied"
      ? new DestinationError("S3 denies the removal", { facts })
      : new StorageError("S3 did not remove all", { facts });
  } catch (error) {
    throw translateS3Error(error, { side: "destination", bucket, signal });
  }
}

async function removeMatching({ client, bucket, key, etag }: Place & { key: string; etag: string }, signal?: AbortSignal): Promise<void> {
  const remove = async () =>
    client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, IfMatch: quotedEtag(etag) }), optionsOf(signal));
  try {
    await retrying(remove, { tries: CONFLICT_TRIES, signal, retryable: isConflict });
  } catch (error) {
    throw unmatched(error, { side: "destination", bucket, key, signal });
  }
}
