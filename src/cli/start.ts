import type { Credentials } from "../aws/credentials.ts";
import type { DaemonConfig, Environment } from "../config/config.ts";
import { ConfigError } from "../config/config-error.ts";
import { loadConfig, requireDaemonSettings } from "../config/load.ts";
import { requireFfmpeg } from "../config/programs.ts";
import { environmentWarnings } from "../config/rules.ts";
import { BUILD_ID } from "../config/version.ts";
import type { Instance } from "../instance.ts";
import { handleFatalErrors } from "../lifecycle/fatal.ts";
import { checkFfmpeg } from "../lifecycle/ffmpeg-check.ts";
import { findImds } from "../lifecycle/find-imds.ts";
import type { InstanceIdentity } from "../lifecycle/identity.ts";
import { readIdentity } from "../lifecycle/identity.ts";
import { notifyReady } from "../lifecycle/ready.ts";
import { handleStopSignals } from "../lifecycle/signals.ts";
import { preferSmallHeap } from "../lifecycle/small-heap.ts";
import type { Logger } from "../telemetry/logger.ts";
import { createLogger } from "../telemetry/logger.ts";
import type { Interruption } from "../telemetry/metric-labels.ts";
import type { Worker } from "../worker.ts";
import { chooseLadder } from "./choose-ladder.ts";
import { printError, printJson } from "./print.ts";
import { readArguments } from "./usage.ts";

const USAGE = {
  usage: "start [--check-config] [--self-test]",
  about: `Runs the daemon until it is told to stop. --check-config prints the configuration it would run with and ends. --self-test transcodes
a clip of 2 s in the work folder with everything that a job takes but AWS, checks what comes out and ends.`,
  options: { "check-config": { type: "boolean" }, "self-test": { type: "boolean" } },
  positionals: 0,
} as const;

const LEAVE_AFTER_MS = 2000;

/** `ladderd start`: runs until a stop signal; 0 when everything was finished or given back, 1 when not, 78 when it cannot start. */
export async function start(argv: readonly string[], env: Environment): Promise<number> {
  const { values } = readArguments(argv, USAGE);
  preferSmallHeap();
  try {
    const config = requireDaemonSettings(loadConfig({ env }));
    if (values["check-config"]) {
      printJson(config);
      return 0;
    }
    if (values["self-test"]) return await (await import("./self-test.ts")).selfTest(config);
    const root = createLogger({ level: config.logLevel, pretty: process.stdout.isTTY });
    const place = await openPlace(config, root);
    if (await place.instance?.isLeaving()) return 0;
    return await serve(await startUp(config, env, place), place);
  } catch (error) {
    if (error instanceof ConfigError) printError(JSON.stringify({ level: "fatal", msg: "cannot start", problems: error.problems }));
    throw error;
  }
}

/** Where the daemon runs: the EC2 instance to keep an eye on, what it is, and a logger that names it; elsewhere the logger alone. */
interface Place {
  readonly logger: Logger;
  readonly identity?: InstanceIdentity | undefined;
  readonly instance?: Instance;
  readonly credentials: Credentials;
}

async function startUp(config: DaemonConfig, env: Environment, { logger, identity, credentials }: Place): Promise<Worker> {
  requireFfmpeg(config);
  const { version, warnings } = await checkFfmpeg(config.ffmpeg, chooseLadder(undefined, config), new AbortController().signal);
  const unusual = config.environment === "production" ? environmentWarnings(env) : [];
  for (const warning of [...warnings, ...unusual]) logger.warn({ warning }, "worth knowing at start");
  logger.info({ build: BUILD_ID, ffmpeg: version, node: process.version, environment: config.environment }, "starting");
  const { startWorker } = await import("../worker.ts");
  try {
    return await startWorker(config, { logger, ffmpegVersion: version, instance: identity, credentials });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    logger.debug({ err: error }, "cannot start");
    // A queue that is not there, a bucket or credentials that refuse us: something to mend before the first job (R-L10).
    throw new ConfigError([`cannot start: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`], {
      cause: error,
    });
  }
}

async function openPlace(config: DaemonConfig, root: Logger): Promise<Place> {
  const { sharedCredentials } = await import("../aws/credentials.ts");
  const credentials = sharedCredentials(config.region);
  const imds = await findImds({ ...config, logger: root });
  if (imds === undefined) return { logger: root, credentials };
  const identity = await readIdentity(imds);
  const logger = identity ? root.child({ instanceId: identity.instanceId }) : root;
  const { watchedInstance } = await import("../instance.ts");
  return { logger, identity, credentials, instance: watchedInstance(config, { imds, logger, credentials }) };
}

async function serve(worker: Worker, { logger, instance }: Place): Promise<number> {
  const drained = Promise.withResolvers<void>();
  const exit = (code: number): void => process.exit(code);
  const cancel = (): void => {
    worker.cancel();
    // Whoever asks twice waits five seconds at most (R-D2), an open receive would take up to twenty.
    worker.abortPolls();
  };
  const drain = (why: Interruption): void => {
    const end = worker.drain(why);
    // A second reason to stop changes nothing: the first one's end is waited for.
    end.catch(() => undefined);
    drained.resolve(end);
  };
  const disposals = [
    handleStopSignals({ drain: () => drain("signal"), cancel, exit, logger }),
    handleFatalErrors({ release: () => release(worker), exit, logger }),
  ];
  await using watch = instance?.watch({ drain, cancel: worker.cancel, exit, runningJobs: worker.runningJobs });
  notifyReady();
  try {
    await drained.promise;
    await watch?.drained();
    logger.info("stopped: every message is settled or given back");
    return 0;
  } catch (error) {
    logger.error({ err: error }, "stopped, but not everything could be given back");
    return 1;
  } finally {
    await worker.close();
    for (const dispose of disposals) dispose();
    // Lines that nobody reads keep the event loop alive; whoever waits for this process to end would kill it.
    setTimeout(() => process.exit(), LEAVE_AFTER_MS).unref();
  }
}

async function release(worker: Worker): Promise<void> {
  worker.cancel();
  worker.abortPolls();
  await worker.close();
}
