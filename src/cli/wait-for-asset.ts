import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import type { Config } from "../config/config.ts";
import { ERROR_CODES, SourceError } from "../domain/errors.ts";
import { assetKeys } from "../domain/output-layout.ts";
import { assetPathOf, sourceId } from "../publish/identity.ts";
import type { ObjectStore, SourceObject } from "../pipeline/ports.ts";
import { parseAssetRecord } from "../publish/asset-record.ts";

export interface WaitOptions {
  readonly object: SourceObject;
  /** Names the failure record. */
  readonly jobId: string;
  readonly config: Pick<Config, "assetPathTemplate" | "publishPrefix" | "stateBucket"> & { readonly publishBucket: string };
  readonly stores: { bucket(name: string): Pick<ObjectStore, "readText"> };
  readonly signal: AbortSignal;
  readonly pollMs?: number;
}

const POLL_MS = 1000;
/** How far the clocks of S3 and of the worker that writes the record may be apart. */
const CLOCK_SKEW_MS = 5000;

const failureRecord = z.object({
  code: z.enum(ERROR_CODES),
  reason: z.string(),
  fault: z.string(),
  failedAt: z.iso.datetime(),
});

/**
 * Resolves to the stream's URI when all of exactly this object is published. Throws SourceError when it was rejected, and the
 * signal's reason when it ends the wait.
 */
export async function waitForAsset({ object, jobId, config, stores, signal, pollMs = POLL_MS }: WaitOptions): Promise<string> {
  const { publishBucket, publishPrefix, stateBucket } = config;
  const keys = assetKeys(publishPrefix + assetPathOf(config.assetPathTemplate, object.ref));
  for (;;) {
    const record = await stores.bucket(publishBucket).readText(keys.record, signal);
    const asset = record && parseAssetRecord(record.text);
    if (asset?.source.id === idOf(object) && asset.complete !== false) return `s3://${publishBucket}/${keys.hls}`;
    if (stateBucket !== undefined) await throwIfRejected(stores.bucket(stateBucket), { object, jobId }, signal);
    await sleep(pollMs, undefined, { signal });
  }
}

const idOf = ({ ref, etag }: SourceObject): string => sourceId(ref, etag);

async function throwIfRejected(
  state: Pick<ObjectStore, "readText">,
  { object, jobId }: Pick<WaitOptions, "object" | "jobId">,
  signal: AbortSignal,
): Promise<void> {
  const stored = await state.readText(`failures/${jobId}.json`, signal);
  const record = stored && failureRecord.safeParse(JSON.parse(stored.text)).data;
  if (!record || record.fault !== "source") return;
  const { code, reason, failedAt } = record;
  const isNew = Date.parse(failedAt) >= Date.parse(object.lastModified) - CLOCK_SKEW_MS;
  if (isNew && isSourceCode(code)) throw new SourceError(code, reason);
}

type SourceCode = SourceError["code"];
const isSourceCode = (code: string): code is SourceCode => code.startsWith("source_");
