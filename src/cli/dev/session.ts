import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sharedCredentials } from "../../aws/credentials.ts";
import type { Config, DaemonConfig, Environment } from "../../config/config.ts";
import { loadConfig, requireDaemonSettings } from "../../config/load.ts";
import { requireFfmpeg } from "../../config/programs.ts";
import type { JobEvent } from "../../pipeline/ports.ts";
import { createLogger } from "../../telemetry/logger.ts";
import type { Worker } from "../../worker.ts";
import type { DevArguments } from "./arguments.ts";
import { requireDevelopmentPackages } from "./installed.ts";
import type { EmbeddedAws } from "./embedded-aws.ts";
import { startEmbeddedAws } from "./embedded-aws.ts";
import type { OpenedEngine } from "./engines/open-engine.ts";
import { embeddedEnvironment, enterEnvironment } from "./environment.ts";
import { openOrigin } from "./open-origin.ts";
import type { Origin } from "./origin.ts";
import type { Progress } from "./progress.ts";
import type { Storage } from "./storage.ts";
import { createStorage } from "./storage.ts";

/** The names of the embedded buckets. */
export const BUCKETS = { uploads: "uploads", publish: "published", state: "state" } as const;

/** Everything dev runs, in a temporary folder; disposing of it leaves neither child nor folder. */
export interface Session extends AsyncDisposable {
  readonly dir: string;
  readonly config: DaemonConfig;
  readonly aws: EmbeddedAws;
  readonly storage: Storage;
  readonly worker: Worker;
  readonly origin: Origin;
  readonly engine?: Pick<OpenedEngine, "url">;
}

export interface SessionOptions {
  readonly args: DevArguments;
  readonly env: Environment;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly onEvent: (event: JobEvent) => void;
}

/** Starts embedded AWS, worker and origin. Throws ConfigError or UsageError when the settings do not allow it, leaving nothing. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { args, env, progress, signal, onEvent } = options;
  requireDevelopmentPackages();
  await using undo = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), "ladderd-dev-"));
  undo.defer(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
  const onError = (error: Error): void => progress.log(`embedded AWS: ${error.message}`);
  const aws = await startEmbeddedAws({ dir: join(dir, "aws"), buckets: BUCKETS, onError });
  undo.defer(() => aws.close());
  signal.throwIfAborted();

  const workDir = join(dir, "work");
  await mkdir(workDir);
  const settings = { ...aws.env, ...overrides(args, env), LADDERD_WORK_DIR: workDir };
  const engine = await engineFor(args, { aws, programs: loadConfig({ env: embeddedEnvironment(env, settings) }) });
  if (engine) undo.use(engine);
  const wanted = embeddedEnvironment(env, { ...settings, ...engine?.env });
  const leave = enterEnvironment(env, wanted);
  undo.defer(async () => leave());
  const config = requireDaemonSettings(loadConfig({ env: wanted }));
  requireFfmpeg(config);

  const storage = createStorage({ endpoint: aws.endpoint, region: config.region });
  undo.defer(async () => storage.close());
  const origin = await openOrigin(
    { endpoint: aws.endpoint, region: config.region, bucket: BUCKETS.publish, uploadsBucket: BUCKETS.uploads },
    args.port,
  );
  undo.defer(() => origin.close());
  const destination = { write: (line: string): void => progress.log(line.trimEnd()) };
  const logger = createLogger({ level: config.logLevel, pretty: true, destination });
  const { startWorker } = await import("../../worker.ts");
  const worker = await startWorker(config, { logger, onEvent, credentials: sharedCredentials(config.region) });
  undo.defer(() => stopWorker(worker));
  signal.throwIfAborted();

  const resources = undo.move();
  return {
    dir,
    config,
    aws,
    storage,
    worker,
    origin,
    ...(engine ? { engine } : {}),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

interface EngineParts {
  readonly aws: Pick<EmbeddedAws, "endpoint" | "env">;
  readonly programs: Pick<Config, "ffmpeg" | "packager">;
}

/** The service that does the jobs; undefined where none was asked for. */
async function engineFor({ engine }: DevArguments, { aws, programs }: EngineParts): Promise<OpenedEngine | undefined> {
  if (engine === undefined || engine === "ffmpeg") return undefined;
  const { ffmpeg, packager } = programs;
  const tools = { ffmpeg: ffmpeg.path, ffprobe: ffmpeg.probePath, packager: packager.path };
  const place = { endpoint: aws.endpoint, region: aws.env["AWS_REGION"] ?? "us-east-1" };
  // Most who try it never come to a service.
  const { openEngine } = await import("./engines/open-engine.ts");
  return openEngine(engine, { aws: place, tools, buckets: BUCKETS });
}

function overrides({ ladder, engine }: DevArguments, env: Environment): Record<string, string> {
  return {
    // Two workers on one machine must not fight for the port of the daemon.
    LADDERD_HTTP_PORT: "0",
    LADDERD_LOG_LEVEL: env["LADDERD_LOG_LEVEL"] ?? "warn",
    ...(ladder === undefined ? {} : { LADDERD_LADDER: ladder }),
    ...(engine === "ffmpeg" ? { LADDERD_ENGINES: engine } : {}),
  };
}

async function stopWorker(worker: Worker): Promise<void> {
  worker.abortPolls();
  worker.cancel();
  await worker.close();
}
