import { ConfigError } from "../config/config-error.ts";
import type { Environment } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import type { ObjectStore } from "../pipeline/ports.ts";
import type { AssetRecord } from "../publish/asset-record.ts";
import { readPublished } from "../publish/commit.ts";
import { failureReader } from "../state/forgive.ts";
import type { JobRecord } from "../state/job-records.ts";
import { readJobRecord } from "../state/job-records.ts";
import { assetPathArgument } from "./asset-path-argument.ts";
import { interruptible } from "./interruptible.ts";
import { printError, printJson, printLine } from "./print.ts";
import { readArguments } from "./usage.ts";

const USAGE = {
  usage: "inspect ASSET [--json]",
  about: `What is published at the asset path ASSET and how the last attempt at it went: times, engine, failure, the last lines of ffmpeg. ASSET may be
the id of a job instead. --json prints the whole records, with the plan.`,
  options: { json: { type: "boolean" } },
  positionals: 1,
} as const;

const JOB_ID = /^[0-9a-f]{32}$/;

/** `ladderd inspect ASSET`: 0 when there is something to show, 65 when nothing is known of it. */
export async function inspect(argv: readonly string[], env: Environment): Promise<number> {
  const { values, positionals } = readArguments(argv, USAGE);
  const argument = assetPathArgument(positionals[0] ?? "");
  const { publishBucket, stateBucket, publishPrefix, ...config } = loadConfig({ env });
  if (publishBucket === undefined || stateBucket === undefined)
    throw new ConfigError(["publishBucket (LADDERD_PUBLISH_BUCKET) and stateBucket (LADDERD_STATE_BUCKET): are required to inspect"]);
  const { openStores } = await import("./aws-stores.ts");
  const stores = openStores(config);
  try {
    const look = { published: stores.bucket(publishBucket), state: stores.bucket(stateBucket), argument, publishPrefix };
    const found = await interruptible((signal) => find(look, signal));
    if (values.json === true) printJson(found);
    else tell(found, argument);
    return found.asset || found.job ? 0 : 65;
  } finally {
    stores.close();
  }
}

interface Look {
  readonly published: ObjectStore;
  readonly state: ObjectStore;
  readonly argument: string;
  readonly publishPrefix: string;
}

interface Found {
  readonly asset?: AssetRecord | undefined;
  readonly job?: JobRecord | undefined;
  readonly failure?: Awaited<ReturnType<ReturnType<typeof failureReader>>>;
}

async function find({ published, state, argument, publishPrefix }: Look, signal: AbortSignal): Promise<Found> {
  const byId = JOB_ID.test(argument) ? await readJobRecord(state, { jobId: argument }, signal) : undefined;
  const assetPath = byId ? byId.assetPath : publishPrefix + argument;
  const asset = assetPath === undefined ? undefined : (await readPublished(published, assetPath, signal))?.record;
  const job = byId ?? (assetPath === undefined ? undefined : await readJobRecord(state, { assetPath }, signal));
  const failure = job && (await failureReader(state)(job.jobId, signal));
  return { asset, job, failure };
}

function tell({ asset, job, failure }: Found, argument: string): void {
  if (asset) {
    printLine(`${asset.assetPath}: revision ${asset.revision}, published ${asset.publishedAt}, ladder ${asset.ladder}`);
    printLine(`  renditions  ${asset.renditions.map(({ id }) => id).join(" ")}`);
    if (asset.previous !== undefined) printLine(`  previous    ${asset.previous}`);
    if (asset.withdrawn) printLine(`  rolled back ${asset.withdrawn.at}`);
    if (asset.degraded) printLine(`  degraded    ${asset.degraded.join(" ")}`);
  } else printError(`ladderd: nothing is published for ${argument}`);
  if (job) tellJob(job);
  else printError(`ladderd: no attempt at ${argument} has left a record`);
  if (failure) printLine(`failure on record: ${failure.code}: ${failure.reason} (fingerprint ${failure.fingerprint})`);
}

function tellJob({ jobId, outcome, code, reason, endedAt, durationSeconds, stages, engine, lastLines }: JobRecord): void {
  const why = [code, reason].filter((part) => part !== undefined).join(": ");
  printLine(`last attempt: ${outcome} ${endedAt}, ${durationSeconds.toFixed(1)} s, job ${jobId}${why === "" ? "" : ` (${why})`}`);
  const times = Object.entries(stages).map(([stage, seconds]) => `${stage} ${seconds.toFixed(1)} s`);
  printLine(`  stages      ${times.join(", ")}`);
  if (engine) printLine(`  engine      ${engine.name} (${engine.reason})${engine.exit === undefined ? "" : `, ended ${engine.exit}`}`);
  for (const line of lastLines) printLine(`  | ${line}`);
}
