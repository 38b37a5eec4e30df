import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DaemonConfig, Environment } from "../config/config.ts";
import { loadConfig, requireDaemonSettings } from "../config/load.ts";
import { requireFfmpeg } from "../config/programs.ts";
import { BUILD_ID } from "../config/version.ts";
import { DestinationError } from "../domain/errors.ts";
import type { ObjectStore } from "../pipeline/ports.ts";
import { jobId } from "../queue/job-id.ts";
import { assetPathOf } from "../publish/identity.ts";
import type { Stores } from "./aws-stores.ts";
import { fetchBack } from "./fetch-back.ts";
import { interruptible } from "./interruptible.ts";
import { printJson, printLine } from "./print.ts";
import { makeSample, PROOF } from "./sample.ts";
import { readArguments, secondsOf } from "./usage.ts";
import { waitForAsset } from "./wait-for-asset.ts";
import { untilItPublishes, untilReady, whatItDid } from "./watch-worker.ts";

const READY_SECONDS = 120;
const TIMEOUT_SECONDS = 300;
/** The share of the time in which nothing but the clip counts: it comes through by then unless the queue is long. */
const CLIP_ALONE = 0.1;
/** Where its clips lie in the upload bucket, and what is made of them in the publish bucket. */
const FOLDER = "ladderd-canary/";

const USAGE = {
  usage: "canary [--ready SECONDS] [--timeout SECONDS] [--json]",
  about: `Waits until the worker of this machine is ready and is of this very build (${READY_SECONDS} s unless given), puts a clip of ${PROOF.seconds} s into the first upload
bucket and waits until it has come through the queue and is published (${TIMEOUT_SECONDS} s unless given), fetches back every object, and removes both.
Where the queue is too long for that, what the worker has done of it counts instead: a job that it publishes after a tenth of
that time, or at the end the jobs it has published and the one it encodes.`,
  options: { ready: { type: "string" }, timeout: { type: "string" }, json: { type: "boolean" } },
  positionals: 0,
} as const;

/** `ladderd canary`: 0 when the worker that serves here is this build and its work can be fetched, 1 when not. */
export async function canary(argv: readonly string[], env: Environment): Promise<number> {
  const { values } = readArguments(argv, USAGE);
  const readySeconds = secondsOf("--ready", values.ready ?? `${READY_SECONDS}`);
  const timeoutSeconds = secondsOf("--timeout", values.timeout ?? `${TIMEOUT_SECONDS}`);
  const config = requireDaemonSettings(loadConfig({ env }));
  requireFfmpeg(config);
  const { openStores } = await import("./aws-stores.ts");
  const stores = openStores(config);
  try {
    return await interruptible(async (signal) => {
      await untilReady({ ...config.http, build: BUILD_ID }, AbortSignal.any([signal, AbortSignal.timeout(readySeconds * 1000)]));
      const proof = await prove({ config, stores, timeoutSeconds }, signal);
      if (values.json) printJson({ build: BUILD_ID, ...proof });
      else printLine(`canary of ${BUILD_ID}: ${proof.how}`);
      return 0;
    });
  } finally {
    stores.close();
  }
}

interface Trial {
  readonly config: DaemonConfig;
  readonly stores: Stores;
  readonly timeoutSeconds: number;
}

interface Proof {
  readonly how: string;
  readonly objects?: number;
}

async function prove({ config, stores, timeoutSeconds }: Trial, signal: AbortSignal): Promise<Proof> {
  const bucket = config.uploadBuckets[0] ?? "";
  const key = `${FOLDER}${randomBytes(8).toString("hex")}.mp4`;
  await upload({ config, stores, bucket, key }, signal);
  const object = await stores.source.head({ bucket, key }, signal);
  const [sinceMs, deadline, ended] = [Date.now(), AbortSignal.timeout(timeoutSeconds * 1000), new AbortController()];
  const id = jobId([bucket, key, object.etag]);
  const waiting = AbortSignal.any([signal, deadline, ended.signal]);
  try {
    // In both cases below the clip stays: it is still in the queue, and a message without its source would be a failure on record.
    const instead = await Promise.race([
      waitForAsset({ object, jobId: id, config, stores, signal: waiting }).then(() => undefined),
      sleep(timeoutSeconds * 1000 * CLIP_ALONE, undefined, { signal: waiting }).then(() =>
        untilItPublishes(config.http, { sinceMs, but: FOLDER }, waiting),
      ),
    ]);
    if (instead !== undefined) return { how: `the clip is still in the queue, but ${instead}` };
  } catch (error) {
    signal.throwIfAborted();
    if (!deadline.aborted) throw error;
    return { how: `the clip is still in the queue after ${timeoutSeconds} s, but ${await whatItDid(config.http, signal)}` };
  } finally {
    ended.abort();
  }
  const assetPath = config.publishPrefix + assetPathOf(config.assetPathTemplate, { bucket, key });
  const published = stores.bucket(config.publishBucket);
  const objects = await fetchBack(published, assetPath, signal);
  const left = await remove({ uploads: stores.bucket(bucket), key, published, assetPath }, signal);
  return { how: `published, ${objects} objects fetched back${left}`, objects };
}

interface Traces {
  readonly uploads: ObjectStore;
  readonly key: string;
  readonly published: ObjectStore;
  readonly assetPath: string;
}

/** Removes what a proven canary made; says so where the role may not, which is no fault of the worker. */
async function remove({ uploads, key, published, assetPath }: Traces, signal: AbortSignal): Promise<string> {
  try {
    await uploads.remove([key], signal);
    const listed = await published.list(`${assetPath}/`, signal);
    await published.remove(
      listed.map((object) => object.key),
      signal,
    );
    return "";
  } catch (error) {
    if (error instanceof DestinationError) return `, and still there (${error.message})`;
    throw error;
  }
}

interface Clip {
  readonly config: DaemonConfig;
  readonly stores: Stores;
  readonly bucket: string;
  readonly key: string;
}

async function upload({ config, stores, bucket, key }: Clip, signal: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "ladderd-canary-"));
  try {
    const path = join(folder, "clip.mp4");
    await makeSample({ ffmpeg: config.ffmpeg.path, path, shape: PROOF, signal });
    await stores.bucket(bucket).uploadFile({ key, path, headers: { contentType: "video/mp4", cacheControl: "no-store" } }, signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
