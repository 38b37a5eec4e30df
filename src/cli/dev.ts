import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "../config/config.ts";
import { ShutdownError } from "../domain/errors.ts";
import type { JobEvent } from "../pipeline/ports.ts";
import type { DevArguments } from "./dev/arguments.ts";
import { parseDevArguments, requireFiles } from "./dev/arguments.ts";
import { createKeeper } from "./dev/keep.ts";
import { ended, greeting, uploading } from "./dev/messages.ts";
import type { Progress } from "./dev/progress.ts";
import { createProgress } from "./dev/progress.ts";
import type { JobEnd } from "./dev/results.ts";
import { createResults, isPublished } from "./dev/results.ts";
import { makeSample, SAMPLE_NAME } from "./sample.ts";
import type { Session } from "./dev/session.ts";
import { BUCKETS, openSession } from "./dev/session.ts";
import { plainText } from "./dev/text-width.ts";
import { planUploads } from "./dev/uploads.ts";
import { interruptible } from "./interruptible.ts";

/**
 * `ladderd dev`: embedded AWS, worker, origin and player until Ctrl-C, or with --once until every upload has ended: 0 when
 * all are published, 1 when not. `env` must be the process's own (dev/environment.ts). Throws UsageError and ConfigError.
 */
export async function dev(argv: readonly string[], env: Environment): Promise<number> {
  const args = parseDevArguments(argv);
  await requireFiles(args.files);
  const progress = createProgress(process.stdout);
  try {
    return await interruptible((signal) => run({ args, env, progress, signal }));
  } catch (error) {
    if (!(error instanceof ShutdownError)) throw error;
    return args.once ? 1 : 0;
  } finally {
    progress.close();
  }
}

interface Run {
  readonly args: DevArguments;
  readonly env: Environment;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

async function run({ args, env, progress, signal }: Run): Promise<number> {
  let onEnd = (_end: JobEnd): void => undefined;
  const onEvent = (event: JobEvent): void => {
    progress.report(event);
    if (event.kind === "ended" && !signal.aborted) onEnd(event);
  };
  await using session = await openSession({ args, env, progress, signal, onEvent });
  const { aws, origin, worker, storage } = session;
  const engine = session.engine && { name: args.engine ?? "", url: session.engine.url };
  progress.log(greeting({ aws, originUrl: origin.url, statusUrl: worker.httpUrl, uploadsBucket: BUCKETS.uploads, engine }).join("\n"));

  const sample = join(session.dir, SAMPLE_NAME);
  const uploads = planUploads(args.files.length > 0 ? args.files : [sample]);
  const results = createResults(uploads.map(({ key }) => key));
  const keeper = createKeeper({ storage, endpoint: aws.endpoint, bucket: BUCKETS.publish, dir: args.keepDir });
  const settle = async (end: JobEnd): Promise<void> => {
    const problem = await kept(keeper.keep, end);
    progress.log(ended(end, origin.url).join("\n"));
    if (problem !== undefined) progress.log(`✗ ${plainText(end.sourceKey)}: ${plainText(problem)}`);
    results.record(end, problem);
  };
  onEnd = (end) => void settle(end);
  try {
    if (args.files.length === 0) progress.log("making a sample clip of 20 s");
    if (args.files.length === 0) await makeSample({ ffmpeg: session.config.ffmpeg.path, path: sample, signal });
    await uploadAll({ session, progress, signal }, uploads);
    const stopped = untilAborted(signal);
    return (await Promise.race(args.once ? [results.allPublished, stopped] : [stopped])) ? 0 : 1;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    keeper.close();
  }
}

/** Why a published asset could not be kept; undefined when it was. */
async function kept(keep: (assetPath: string) => Promise<void>, end: JobEnd): Promise<string | undefined> {
  if (!isPublished(end) || end.assetPath === undefined) return undefined;
  return keep(end.assetPath).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

type Uploading = Pick<Run, "progress" | "signal"> & { readonly session: Session };

async function uploadAll({ session, progress, signal }: Uploading, uploads: ReturnType<typeof planUploads>): Promise<void> {
  for (const upload of uploads) {
    const { size } = await stat(upload.path);
    progress.log(uploading(upload, size));
    await session.storage.upload({ path: upload.path, key: upload.key, bucket: BUCKETS.uploads }, signal);
  }
}

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    const stop = (): void => reject(signal.reason instanceof Error ? signal.reason : new ShutdownError("interrupted"));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
