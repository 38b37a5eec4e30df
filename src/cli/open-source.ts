import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import type { Config } from "../config/config.ts";
import { SourceError } from "../domain/errors.ts";
import type { SourceRef } from "../domain/job.ts";
import { UsageError } from "./usage.ts";

/** A source on this machine; disposing it removes what was fetched for it. */
export interface OpenedSource extends AsyncDisposable {
  readonly path: string;
}

/** The bucket and key of an s3:// URI; undefined for anything else. Throws UsageError when the URI names no object. */
export function parseS3Uri(source: string): SourceRef | undefined {
  if (!source.startsWith("s3://")) return undefined;
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(source) ?? [];
  if (bucket === undefined || key === undefined) throw new UsageError(`${source} names no object: s3://BUCKET/KEY`);
  return { bucket, key };
}

/** SRC as a local file: a file as it is, an object downloaded. Throws SourceError when there is nothing to read. */
export async function openSource(source: string, config: Config, signal: AbortSignal): Promise<OpenedSource> {
  const ref = parseS3Uri(source);
  return ref ? fetchObject(ref, config, signal) : openFile(source);
}

async function openFile(source: string): Promise<OpenedSource> {
  const found = await stat(source).catch(() => undefined);
  if (!found) throw new SourceError("source_not_found", `there is no file ${source}`);
  if (!found.isFile()) throw new SourceError("source_not_media", `${source} is not a file`);
  return { path: resolve(source), [Symbol.asyncDispose]: async () => {} };
}

async function fetchObject(ref: SourceRef, config: Config, signal: AbortSignal): Promise<OpenedSource> {
  const { openStores } = await import("./aws-stores.ts");
  const stores = openStores(config);
  const folder = await mkdtemp(join(tmpdir(), "ladderd-source-"));
  const opened = {
    path: join(folder, "source.bin"),
    [Symbol.asyncDispose]: async () => {
      stores.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await stores.source.download(await stores.source.head(ref, signal), opened.path, { signal });
    return opened;
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}
