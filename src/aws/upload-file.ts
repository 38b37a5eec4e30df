import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import type { PutObjectCommandInput, S3Client } from "@aws-sdk/client-s3";
import { HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import type { ObjectHeaders, WriteCondition } from "../pipeline/ports.ts";
import { s3Status, translateS3Error } from "./errors.ts";
import { retrying } from "./retry.ts";

export interface FileUpload {
  readonly client: S3Client;
  readonly bucket: string;
  readonly key: string;
  readonly path: string;
  readonly headers: ObjectHeaders;
  /** Replaces nothing. */
  readonly condition?: Extract<WriteCondition, { kind: "absent" }>;
  /** Told of bytes whose buffers are spent. */
  readonly spent: (bytes: number) => void;
}

interface Attempt extends FileUpload {
  readonly sizeBytes: number;
}

/** Larger files go up in parts of this size; lib-storage holds a part in memory while it is sent. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_AT_ONCE = 2;
const TRIES = 4;

/**
 * Uploads the file as it is now. The SDK never repeats a request whose body is a stream, so the tries are ours, each with
 * a stream of its own; a conflict (409) starts a multipart upload from the beginning. Throws PreconditionFailed for another
 * object that is there, JobErrors, the file system's errors as they are, after an abort the signal's reason.
 */
export async function uploadFile(file: FileUpload, signal?: AbortSignal): Promise<void> {
  const attempt = async (): Promise<void> => {
    try {
      signal?.throwIfAborted();
      const { size } = await stat(file.path);
      await uploadOnce({ ...file, sizeBytes: size }, signal);
      file.spent(size);
    } catch (error) {
      throw translateS3Error(error, { side: "destination", bucket: file.bucket, key: file.key, signal });
    }
  };
  await retrying(attempt, { tries: TRIES, signal });
}

async function uploadOnce(attempt: Attempt, signal?: AbortSignal): Promise<void> {
  try {
    await (attempt.sizeBytes > PART_BYTES ? uploadParts : uploadWhole)(attempt, signal);
  } catch (error) {
    // When the answer to our own write was lost the next try meets it (RELIABILITY.md E16).
    if (!attempt.condition || s3Status(error) !== 412 || !(await isThere(attempt, signal))) throw error;
  }
}

async function isThere({ client, bucket, key, sizeBytes }: Attempt, signal?: AbortSignal): Promise<boolean> {
  const { ContentLength } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), signal ? { abortSignal: signal } : {});
  return ContentLength === sizeBytes;
}

const inputOf = ({ bucket, key, headers, sizeBytes, condition }: Attempt) =>
  ({
    Bucket: bucket,
    Key: key,
    ContentLength: sizeBytes,
    ContentType: headers.contentType,
    CacheControl: headers.cacheControl,
    ...(condition ? { IfNoneMatch: "*" } : {}),
  }) satisfies PutObjectCommandInput;

async function uploadWhole(attempt: Attempt, signal?: AbortSignal): Promise<void> {
  const unreadable = new AbortController();
  const abortSignal = AbortSignal.any([unreadable.signal, ...(signal ? [signal] : [])]);
  const body = attempt.sizeBytes === 0 ? undefined : Readable.from(bytesOf(attempt, unreadable), { objectMode: false });
  try {
    await attempt.client.send(new PutObjectCommand({ ...inputOf(attempt), Body: body ?? "" }), { abortSignal });
  } catch (error) {
    unreadable.signal.throwIfAborted();
    throw error;
  } finally {
    body?.destroy();
  }
}

/** The SDK does not listen to the stream it sends, whose error would end the process: this one breaks the request off instead. */
async function* bytesOf({ path, sizeBytes }: Attempt, unreadable: AbortController): AsyncGenerator<Uint8Array> {
  try {
    // A file that grew meanwhile would send more than its ContentLength.
    yield* createReadStream(path, { end: sizeBytes - 1 });
  } catch (error) {
    unreadable.abort(error);
  }
}

async function uploadParts(attempt: Attempt, signal?: AbortSignal): Promise<void> {
  const body = createReadStream(attempt.path, { end: attempt.sizeBytes - 1 });
  const abortController = new AbortController();
  const abort = (): void => abortController.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await new Upload({
      client: attempt.client,
      params: { ...inputOf(attempt), Body: body },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
      abortController,
    }).done();
  } finally {
    signal?.removeEventListener("abort", abort);
    body.destroy();
  }
}
