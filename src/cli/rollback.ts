import { ConfigError } from "../config/config-error.ts";
import type { Config, Environment } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import type { Rollback } from "../publish/rollback.ts";
import { assetPathArgument } from "./asset-path-argument.ts";
import { interruptible } from "./interruptible.ts";
import { printJson, printLine } from "./print.ts";
import { readArguments } from "./usage.ts";

const USAGE = {
  usage: "rollback ASSET [--json]",
  about: `Makes the revision that ASSET showed before the published one again; nothing is encoded or removed. A second rollback goes forward again.
Messages that were sent before do not bring back what was rolled back; a new upload, or a new job, does.`,
  options: { json: { type: "boolean" } },
  positionals: 1,
} as const;

/** `ladderd rollback ASSET`: 0 when the asset was moved, 1 when there is nothing to go back to, 65 when there is no such asset. */
export async function rollback(argv: readonly string[], env: Environment): Promise<number> {
  const { values, positionals } = readArguments(argv, USAGE);
  const config = loadConfig({ env });
  const assetPath = config.publishPrefix + assetPathArgument(positionals[0] ?? "");
  const publishBucket = requirePublishBucket(config);
  const { openStores } = await import("./aws-stores.ts");
  const { rollBack } = await import("../publish/rollback.ts");
  const stores = openStores(config);
  try {
    const done = await interruptible((signal) => rollBack({ store: stores.bucket(publishBucket), assetPath }, signal));
    if (values.json === true) printJson({ assetPath, ...done });
    else printLine(`${assetPath}: ${told(done)}`);
    return done.kind === "nothing" ? 1 : 0;
  } finally {
    stores.close();
  }
}

function told(done: Rollback): string {
  if (done.kind === "nothing") return `shows revision ${done.at}, and there is none before it`;
  if (done.kind === "finished") return `a move to revision ${done.to} had been broken off; it is finished now, nothing else was changed`;
  return `back to revision ${done.to} (was ${done.from}; another rollback goes forward to it)`;
}

function requirePublishBucket({ publishBucket }: Config): string {
  if (publishBucket !== undefined) return publishBucket;
  throw new ConfigError(["publishBucket (LADDERD_PUBLISH_BUCKET): is required to roll back"]);
}
