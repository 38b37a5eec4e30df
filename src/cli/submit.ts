import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";

import type { Config, Environment } from "../config/config.ts";
import { ConfigError } from "../config/config-error.ts";
import { loadConfig } from "../config/load.ts";
import { SourceError } from "../domain/errors.ts";
import type { SourceRef } from "../domain/job.ts";
import type { SourceObject } from "../pipeline/ports.ts";
import { jobId, requestedJobId } from "../queue/job-id.ts";
import type { Stores } from "./aws-stores.ts";
import { interruptible } from "./interruptible.ts";
import { parseS3Uri } from "./open-source.ts";
import { printJson, printLine } from "./print.ts";
import { readArguments, secondsOf } from "./usage.ts";
import type { WaitOptions } from "./wait-for-asset.ts";

const DEFAULT_TIMEOUT_SECONDS = 3600;

const USAGE = {
  usage: "submit SRC [--key KEY] [--wait] [--timeout SECONDS] [--json]",
  about: `SRC is a file, which goes to the first upload bucket under KEY (its name unless given) and whose event starts the job,
or s3://BUCKET/KEY, for which a job is put on the queue.
--wait ends when the stream is published (exit code 0), the source is rejected (65) or SECONDS have passed (1; ${DEFAULT_TIMEOUT_SECONDS} unless given).`,
  options: { key: { type: "string" }, wait: { type: "boolean" }, timeout: { type: "string" }, json: { type: "boolean" } },
  positionals: 1,
} as const;

/** `ladderd submit SRC`: puts a source or a job where the daemon finds it and, with --wait, says what became of it. */
export async function submit(argv: readonly string[], env: Environment): Promise<number> {
  const { values, positionals } = readArguments(argv, USAGE);
  const [argument = ""] = positionals;
  const waitSeconds = values.wait ? secondsOf("--timeout", values.timeout ?? `${DEFAULT_TIMEOUT_SECONDS}`) : 0;
  const config = loadConfig({ env });
  const stored = parseS3Uri(argument);
  const place = stored ?? { bucket: uploadBucket(config), key: values.key ?? basename(argument) };
  const queueUrl = stored ? requireQueue(config) : "";
  const publishBucket = values.wait ? requirePublishBucket(config) : "";
  if (!stored) await requireFile(argument);
  const { openStores } = await import("./aws-stores.ts");
  const stores = openStores(config);
  try {
    return await interruptible(async (signal) => {
      const object = stored ? await enqueue({ place, stores, queueUrl }, signal) : await upload({ file: argument, place, stores }, signal);
      const source = `s3://${place.bucket}/${place.key}`;
      if (!values.json) printLine(`${stored ? "enqueued" : "uploaded"} ${source}`);
      const id = stored ? requestedJobId({ source: place }) : jobId([place.bucket, place.key, object.etag]);
      const published = values.wait
        ? await wait({ object, jobId: id, config: { ...config, publishBucket }, stores, signal, seconds: waitSeconds })
        : undefined;
      if (values.json)
        printJson({ [stored ? "enqueued" : "uploaded"]: source, etag: object.etag, ...(published === undefined ? {} : { published }) });
      else if (published !== undefined) printLine(`published ${published}`);
      return 0;
    });
  } finally {
    stores.close();
  }
}

interface Enqueue {
  readonly place: SourceRef;
  readonly stores: Stores;
  readonly queueUrl: string;
}

async function enqueue({ place, stores, queueUrl }: Enqueue, signal: AbortSignal): Promise<SourceObject> {
  const object = await stores.source.head(place, signal);
  await stores.enqueue(queueUrl, place, signal);
  return object;
}

interface Upload {
  readonly file: string;
  readonly place: SourceRef;
  readonly stores: Stores;
}

async function upload({ file, place, stores }: Upload, signal: AbortSignal): Promise<SourceObject> {
  await stores.bucket(place.bucket).uploadFile({ key: place.key, path: resolve(file), headers: HEADERS }, signal);
  return stores.source.head(place, signal);
}

async function wait({ seconds, signal, ...options }: WaitOptions & { readonly seconds: number }): Promise<string> {
  const { waitForAsset } = await import("./wait-for-asset.ts");
  return waitForAsset({ ...options, signal: AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]) });
}

const HEADERS = { contentType: "application/octet-stream", cacheControl: "no-store" };

function uploadBucket({ uploadBuckets: [first] }: Config): string {
  if (first !== undefined) return first;
  throw new ConfigError(["uploadBuckets (LADDERD_UPLOAD_BUCKETS): is required to submit"]);
}

function requireQueue({ queueUrl }: Config): string {
  if (queueUrl !== undefined) return queueUrl;
  throw new ConfigError(["queueUrl (LADDERD_QUEUE_URL): is required to submit an object of S3"]);
}

function requirePublishBucket({ publishBucket }: Config): string {
  if (publishBucket !== undefined) return publishBucket;
  throw new ConfigError(["publishBucket (LADDERD_PUBLISH_BUCKET): is required to wait"]);
}

async function requireFile(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw new SourceError("source_not_found", `there is no file ${file}`);
}
