import type { DaemonConfig, Environment } from "../config/config.ts";
import { loadConfig, requireDaemonSettings } from "../config/load.ts";
import type { DeadLetters } from "../queue/dead-letters.ts";
import type { FailureGroup, RedriveChoice } from "../queue/failure-groups.ts";
import type { RedriveReport } from "../queue/redrive.ts";
import { MAX_FAILURES } from "../queue/verdict.ts";
import type { Stores } from "./aws-stores.ts";
import { interruptible } from "./interruptible.ts";
import { columns, printError, printJson, printLine } from "./print.ts";
import { readArguments, UsageError } from "./usage.ts";

const USAGE = {
  usage: "redrive [--fingerprint F] [--code C] [--all] [--json]",
  about: `Without an option lists what was given up, failures that are alike as one group. --fingerprint or --code (both: both must fit) sends those
messages back to the queue, --all every one; their jobs get all their attempts again. Reads the dead-letter queue, and the failure records of the state
bucket when the queue has none. Killed in between it loses nothing: run it again.`,
  options: { fingerprint: { type: "string" }, code: { type: "string" }, all: { type: "boolean" }, json: { type: "boolean" } },
  positionals: 0,
} as const;

/** `ladderd redrive`: 0 when everything chosen went back to the queue, 1 when the choice fits nothing or some had to stay. */
export async function redriveCommand(argv: readonly string[], env: Environment): Promise<number> {
  const { values } = readArguments(argv, USAGE);
  const choice = readChoice(values);
  const config = requireDaemonSettings(loadConfig({ env }));
  const { uploadBuckets, publishBucket, publishPrefix } = config;
  const { openStores } = await import("./aws-stores.ts");
  const { redrive } = await import("../queue/redrive.ts");
  const { failureReader, forgiver } = await import("../state/forgive.ts");
  const stores = openStores(config);
  try {
    const state = stores.bucket(config.stateBucket);
    const report = await interruptible(async (signal) =>
      redrive(
        {
          letters: await openLetters(config, stores),
          choice,
          rules: { uploadBuckets, publishBucket, publishPrefix },
          readFailure: failureReader(state),
          forgive: forgiver(state),
        },
        signal,
      ),
    );
    if (values.json === true) printJson(report);
    else tell(report, choice);
    return isDone(report, choice) ? 0 : 1;
  } finally {
    stores.close();
  }
}

/** A choice that fits nothing is a mistake more often than not. */
const isDone = ({ sentBack, kept }: RedriveReport, { kind }: RedriveChoice): boolean => kept === 0 && (kind !== "some" || sentBack > 0);

async function openLetters({ queueUrl, stateBucket }: DaemonConfig, stores: Stores): Promise<DeadLetters> {
  const queued = await stores.deadLetters(queueUrl);
  if (queued) return queued;
  const { recordedLetters } = await import("../state/recorded-letters.ts");
  const store = stores.bucket(stateBucket);
  const send = (body: string, signal: AbortSignal): Promise<void> => stores.send(queueUrl, body, signal);
  return recordedLetters({ store, send, maxFailures: MAX_FAILURES });
}

function readChoice({ fingerprint, code, all }: { fingerprint?: string; code?: string; all?: boolean }): RedriveChoice {
  const some = { ...(fingerprint === undefined ? {} : { fingerprint }), ...(code === undefined ? {} : { code }) };
  if (Object.keys(some).length === 0) return { kind: all === true ? "all" : "none" };
  if (all === true) throw new UsageError(`--all leaves nothing to choose\nusage: ladderd ${USAGE.usage}`);
  return { kind: "some", ...some };
}

function tell({ groups, place, seen, sentBack, kept }: RedriveReport, choice: RedriveChoice): void {
  if (groups.length > 0) {
    const rows = groups.map(rowOf);
    for (const line of columns([["FINGERPRINT", "COUNT", "CODE", "FIRST", "LAST", "EXAMPLE", "REASON"], ...rows])) printLine(line);
  }
  printLine(`${seen} seen in ${groups.length} groups at ${place.name}`);
  if (choice.kind !== "none") printLine(`${sentBack} sent back to the queue`);
  if (kept > 0) printError(`ladderd: ${kept} kept: given up while this ran, or a record without its whole body`);
  if (place.hidden > 0) printError(`ladderd: about ${place.hidden} more are held by another reader; they come back by themselves`);
}

const rowOf = ({ fingerprint, count, code, first = "-", last = "-", example, reason }: FailureGroup): readonly string[] => [
  fingerprint,
  `${count}`,
  code,
  first,
  last,
  example,
  reason,
];
