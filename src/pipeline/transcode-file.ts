import { readdir } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { laddersInForce } from "../config/ladders.ts";
import type { Ladder } from "../domain/ladder.ts";
import { keyFinder } from "../keys/find-key.ts";
import { assetPathOf, sha256 } from "../publish/identity.ts";
import { readPublished } from "../publish/commit.ts";
import { createFolderStore } from "../publish/folder-store.ts";
import { unshared } from "../state/claims.ts";
import { openTools } from "../tools.ts";
import { attemptJob } from "./attempt.ts";
import { createFileSource } from "./file-source.ts";
import type { ReportEvent } from "./ports.ts";

export interface TranscodeRequest {
  readonly file: string;
  readonly outDir: string;
  readonly config: Config;
  readonly signal: AbortSignal;
  readonly onEvent?: ReportEvent;
  /** Instead of those of config/ladders. */
  readonly ladders?: ReadonlyMap<string, Ladder>;
}

export interface TranscodeResult {
  readonly revision: string;
  readonly durationSeconds: number;
  readonly renditions: readonly string[];
  /** False when the folder already held this very file at this ladder. */
  readonly isNew: boolean;
}

const BUCKET = "local";

/**
 * The whole pipeline without SQS and S3: FILE becomes index.m3u8, index.mpd, asset.json and r/<revision>/ in `outDir`. On
 * any failure the folder holds nothing new. Throws JobErrors and ConfigError.
 */
export async function transcodeFile(request: TranscodeRequest): Promise<TranscodeResult> {
  const { file, outDir, config, signal, onEvent, ladders = laddersInForce(request.config) } = request;
  const tools = await openTools(config, signal);
  const key = resolve(file);
  const assetPath = assetPathOf("{key without extension}", { bucket: BUCKET, key: basename(key) });
  const published = createFolderStore(outDir, `${assetPath}/`);
  const settings = { ...config, publishPrefix: "", earlyPublish: false };
  // The path is named: whatever this folder showed before, it is told to show this file now.
  const job = { id: sha256(key).slice(0, 32), source: { bucket: BUCKET, key }, assetPath };
  const report: ReportEvent = (event) => onEvent?.(event);
  const findKey = keyFinder(config.environmentSecret);
  const deps = { sources: createFileSource(), published, ladders, settings, tools, takeClaim: unshared, findKey, report };
  const { outcome } = await attemptJob(job, deps, { signal, checkLease: () => signal.throwIfAborted(), messageId: job.id });
  const asset = await readPublished(published, assetPath, signal);
  if (!asset) throw new Error(`${outDir} holds ${(await readdir(outDir)).length} entries but no asset.json after a finished job`);
  const { revision, durationSeconds, renditions } = asset.record;
  return { revision, durationSeconds, renditions: renditions.map(({ id }) => id), isNew: outcome === "published" };
}
