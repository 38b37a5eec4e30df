import type { FileHandle } from "node:fs/promises";
import { open, rm } from "node:fs/promises";
import { addAbortSignal, Readable } from "node:stream";
import type { GetObjectCommandOutput, S3Client } from "@aws-sdk/client-s3";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { StorageError } from "../domain/errors.ts";
import type { SourceObject } from "../pipeline/ports.ts";
import type { S3Call } from "./errors.ts";
import { changedSource, translateS3Error } from "./errors.ts";
import { quotedEtag } from "./etag.ts";
import type { RepeatBudget } from "./repeat-budget.ts";
import { createRepeatBudget } from "./repeat-budget.ts";
import { retrying } from "./retry.ts";

export interface RangedDownload {
  readonly client: S3Client;
  readonly object: SourceObject;
  readonly address: { readonly Bucket: string; readonly Key: string; readonly VersionId?: string };
  readonly path: string;
  readonly signal: AbortSignal;
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Told of bytes whose buffers are spent. */
  readonly spent: (bytes: number) => void;
}

/** What one range still has to fetch; `from` moves with every byte written. */
interface Range {
  from: number;
  /** Exclusive. */
  readonly to: number;
}

interface RangeRun extends RangedDownload {
  readonly budget: RepeatBudget;
  readonly file: FileHandle;
  readonly call: S3Call;
}

const RANGE_BYTES = 8 * 1024 * 1024;
const PARALLEL_RANGES = 8;
/** One after the other that bring nothing. */
const TRIES_PER_RANGE = 5;
/** Of all ranges together while none of them ends: five for each of those under way. */
const REPEATS = 40;

/**
 * Writes the object's bytes to `path`, 8 ranges of 8 MiB at once, each streamed to its place in the file and taken up
 * where it broke off. The file holds all of it, or is not there. Throws JobErrors; after an abort the signal's reason.
 */
export async function downloadRanges(download: RangedDownload): Promise<void> {
  const { object, path } = download;
  const stop = new AbortController();
  const signal = AbortSignal.any([download.signal, stop.signal]);
  const call: S3Call = { side: "source", bucket: object.ref.bucket, key: object.ref.key, signal };
  try {
    signal.throwIfAborted();
    await using file = await open(path, "w", 0o600);
    await fetchAll({ ...download, file, call, signal, budget: createRepeatBudget(REPEATS) }, stop);
    const { size } = await file.stat();
    if (size !== object.sizeBytes)
      throw new StorageError("the file has not the object's size", { facts: { size, expected: object.sizeBytes } });
  } catch (error) {
    await rm(path, { force: true });
    throw translateS3Error(error, { ...call, signal: download.signal });
  }
}

/** All ranges, or the first error after every other has stopped: nothing writes to a file that is about to be removed. */
async function fetchAll(run: RangeRun, stop: AbortController): Promise<void> {
  const ranges = rangesOf(run.object.sizeBytes);
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    for (let range = ranges.shift(); range && failures.length === 0; range = ranges.shift()) {
      try {
        await fetchRange(range, run);
      } catch (error) {
        failures.push(error);
        stop.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_RANGES }, work));
  if (failures.length > 0) throw failures[0];
}

function rangesOf(sizeBytes: number): Range[] {
  return Array.from({ length: Math.ceil(sizeBytes / RANGE_BYTES) }, (_, index) => ({
    from: index * RANGE_BYTES,
    to: Math.min(sizeBytes, (index + 1) * RANGE_BYTES),
  }));
}

async function fetchRange(range: Range, run: RangeRun): Promise<void> {
  const { budget, call, signal } = run;
  let isFirst = true;
  const onRequest = (): void => {
    if (!isFirst) budget.take();
    isFirst = false;
  };
  const attempt = async (): Promise<void> => {
    try {
      await fetchOnce(range, run, onRequest);
    } catch (error) {
      throw translateS3Error(error, call);
    }
  };
  const retryable = (error: unknown): boolean => error instanceof StorageError && !budget.isSpent();
  for (let isWhole = false; !isWhole;) {
    const { from } = range;
    try {
      await retrying(attempt, { tries: TRIES_PER_RANGE, signal, retryable });
      isWhole = true;
    } catch (error) {
      // A reset takes along what lay unread in the socket. Where something got through, the network is bad, not gone.
      if (range.from === from || !retryable(error)) throw error;
    }
  }
  budget.giveBack();
}

async function fetchOnce(range: Range, run: RangeRun, onRequest: () => void): Promise<void> {
  const { client, address, object, signal, call, file, onBytes, spent } = run;
  const asked = range.to - range.from;
  const command = new GetObjectCommand({
    ...address,
    Range: `bytes=${range.from}-${range.to - 1}`,
    IfMatch: quotedEtag(object.etag),
  });
  // Inside the SDK's retries: each try counts.
  command.middlewareStack.add(
    (next) => async (args) => {
      onRequest();
      return next(args);
    },
    { step: "finalizeRequest" },
  );
  const response = await client.send(command, { abortSignal: signal });
  const body = bodyOf(response, signal);
  if (response.ETag !== undefined && quotedEtag(response.ETag) !== quotedEtag(object.etag)) {
    body.destroy();
    throw changedSource(call);
  }
  // A server that ignores Range sends the object from its start.
  if (response.ContentLength !== asked) {
    body.destroy();
    throw new StorageError("S3 sent another range than asked for", { facts: { asked, sent: response.ContentLength } });
  }
  for await (const chunk of body) {
    let bytes: Uint8Array = chunk;
    // A write may take less than it is given.
    while (bytes.length > 0) {
      const { bytesWritten } = await file.write(bytes, 0, bytes.length, range.from);
      range.from += bytesWritten;
      bytes = bytes.subarray(bytesWritten);
      spent(bytesWritten);
      onBytes?.(bytesWritten);
    }
  }
  if (range.from < range.to) throw new StorageError("the body ended early", { facts: { missing: range.to - range.from } });
}

function bodyOf({ Body }: GetObjectCommandOutput, signal: AbortSignal): Readable {
  if (!(Body instanceof Readable)) throw new StorageError("S3 answered without a body");
  return addAbortSignal(signal, Body);
}
