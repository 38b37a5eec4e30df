import { resolve } from "node:path";
import { ConfigError } from "../config/config-error.ts";
import type { Config, Environment } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import type { AttachJob } from "../domain/job.ts";
import { languageTag } from "../media/labels.ts";
import type { JobResult } from "../pipeline/run-job.ts";
import { assetPathProblem } from "../queue/job-message.ts";
import { interruptible } from "./interruptible.ts";
import { parseS3Uri } from "./open-source.ts";
import { printJson, printLine } from "./print.ts";
import { readArguments, UsageError } from "./usage.ts";

const USAGE = {
  usage: "attach ASSET --subtitles FILE --language TAG [--name NAME] [--forced] [--json]",
  about: `Adds the subtitles in FILE (.vtt or .srt, or s3://BUCKET/KEY) to the published asset at the asset path ASSET: a new revision made by
server-side copy, nothing is encoded. The same language again takes the place of what was attached before.`,
  options: {
    subtitles: { type: "string" },
    language: { type: "string" },
    name: { type: "string" },
    forced: { type: "boolean" },
    json: { type: "boolean" },
  },
  positionals: 1,
} as const;

/** `ladderd attach ASSET`: publishes an asset with one more text track; 65 when there is no such asset or no cue in FILE. */
export async function attach(argv: readonly string[], env: Environment): Promise<number> {
  const { values, positionals } = readArguments(argv, USAGE);
  const { subtitles: file = missing("subtitles FILE"), language = missing("language TAG"), name, forced = false } = values;
  const as = { ...readWish(positionals[0] ?? "", language), forced, ...(name === undefined ? {} : { name }) };
  const config = loadConfig({ env });
  const publishBucket = requirePublishBucket(config);
  const { openStores } = await import("./aws-stores.ts");
  const { createFileSource } = await import("../pipeline/file-source.ts");
  const { runAttach } = await import("../pipeline/run-attach.ts");
  const stores = openStores(config);
  const stored = parseS3Uri(file);
  const deps = { sources: stored ? stores.source : createFileSource(), published: stores.bucket(publishBucket), settings: config };
  const job: AttachJob = { id: "attach", subtitles: stored ?? { bucket: "local", key: resolve(file) }, as };
  try {
    const result = await interruptible((signal) =>
      runAttach(job, { deps, context: { signal, checkLease: () => signal.throwIfAborted() }, stage: (_stage, work) => work() }),
    );
    tell(result, { language: as.language, json: values.json === true });
    return 0;
  } finally {
    stores.close();
  }
}

function readWish(assetPath: string, language: string) {
  const problem = assetPathProblem(assetPath);
  if (problem !== undefined) throw new UsageError(`ASSET ${problem}`);
  const tag = languageTag(language);
  if (tag === "und" && language !== "und") throw new UsageError(`--language takes a tag such as sv or pt-BR, not ${language}`);
  return { assetPath, language: tag };
}

function requirePublishBucket({ publishBucket }: Config): string {
  if (publishBucket !== undefined) return publishBucket;
  throw new ConfigError(["publishBucket (LADDERD_PUBLISH_BUCKET): is required to attach"]);
}

function tell({ outcome, assetPath = "" }: JobResult, { language, json }: { language: string; json: boolean }): void {
  if (json) printJson({ assetPath, language, outcome });
  else printLine(outcome === "duplicate" ? `${assetPath} has these very subtitles already` : `attached ${language} to ${assetPath}`);
}

function missing(option: string): never {
  throw new UsageError(`--${option} is missing\nusage: ladderd ${USAGE.usage}`);
}
