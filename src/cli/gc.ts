import { ConfigError } from "../config/config-error.ts";
import type { Environment } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import type { SweepReport } from "../publish/sweep.ts";
import { interruptible } from "./interruptible.ts";
import { printError, printJson, printLine } from "./print.ts";
import { readArguments, UsageError } from "./usage.ts";

const USAGE = {
  usage: "gc [--dry-run] [--older-than AGE] [--json]",
  about: `Removes from the publish bucket the revisions that neither the published record nor the previous one nor a pointer nor a claim names, and
unfinished multipart uploads, when all of it is older than AGE (24h unless given; 12h at least: longer than any job runs); and claims that
ended more than 30 days ago. --dry-run only says what would go.`,
  options: { "dry-run": { type: "boolean" }, "older-than": { type: "string" }, json: { type: "boolean" } },
  positionals: 0,
} as const;

/** An attempt ends after 11 hours (RELIABILITY.md R-Q6). */
const SHORTEST_HOURS = 12;
const HOURS = { h: 1, d: 24 } as const;

/** `ladderd gc`: 0 when it went through, 1 when some asset could not be judged. */
export async function gc(argv: readonly string[], env: Environment): Promise<number> {
  const { values } = readArguments(argv, USAGE);
  const olderThanSeconds = readAge(values["older-than"] ?? "24h");
  const dryRun = values["dry-run"] === true;
  const { publishBucket, stateBucket, publishPrefix, ...config } = loadConfig({ env });
  if (publishBucket === undefined || stateBucket === undefined)
    throw new ConfigError([
      "publishBucket (LADDERD_PUBLISH_BUCKET) and stateBucket (LADDERD_STATE_BUCKET): are required to collect garbage",
    ]);
  const { openStores } = await import("./aws-stores.ts");
  const { sweepBuckets } = await import("../state/sweep-buckets.ts");
  const stores = openStores(config);
  try {
    const options = { stores, publishBucket, stateBucket, publishPrefix, olderThanSeconds, dryRun };
    const report = await interruptible((signal) => sweepBuckets(options, signal));
    if (values.json === true) printJson({ dryRun, ...report });
    else tell(report, dryRun);
    return report.unreadable.length > 0 ? 1 : 0;
  } finally {
    stores.close();
  }
}

function readAge(text: string): number {
  const { count, unit } = /^(?<count>\d{1,5})(?<unit>[hd])$/.exec(text)?.groups ?? {};
  const hours = Number(count) * (unit === "d" ? HOURS.d : HOURS.h);
  if (hours >= SHORTEST_HOURS) return hours * 3600;
  throw new UsageError(`--older-than takes hours or days such as 36h or 7d, ${SHORTEST_HOURS}h at least, not ${text}`);
}

function tell({ revisions, objects, uploads, claims, unreadable }: SweepReport, dryRun: boolean): void {
  const done = dryRun ? "would remove" : "removed";
  for (const revision of revisions) printLine(`${done} ${revision.assetPath}/r/${revision.revision}/ (${revision.objects} objects)`);
  printLine(`${done} ${revisions.length} revisions (${objects} objects), ${uploads} unfinished uploads, ${claims} ended claims`);
  for (const assetPath of unreadable) printError(`ladderd: ${assetPath}/asset.json cannot be read; nothing of that asset was touched`);
}
