import { loadConfig, requireDaemonSettings } from "./config/load.ts";
import type { BatchAnswer } from "./queue/batch.ts";
import type { FunctionContext, Serverless } from "./serverless.ts";
import { openServerless } from "./serverless.ts";
import { createLogger } from "./telemetry/logger.ts";

let opening: Promise<Serverless> | undefined;

/** Opens everything once; an environment whose opening failed tries again at its next event. */
async function opened(): Promise<Serverless> {
  opening ??= open();
  try {
    return await opening;
  } catch (error) {
    opening = undefined;
    throw error;
  }
}

async function open(): Promise<Serverless> {
  const config = requireDaemonSettings(loadConfig({ env: process.env }));
  // Lambda freezes the process when it has answered: a line that is not written by then would wait.
  const destination = { write: (line: string) => void process.stdout.write(line) };
  return openServerless(config, createLogger({ level: config.logLevel, pretty: false, destination }));
}

/**
 * AWS Lambda's entry: a batch of SQS (uploads, jobs, events of managed engines) under ReportBatchItemFailures, or a schedule's
 * event. Rejects when the function cannot be opened or the event is of another kind: the whole batch comes again then.
 */
export async function handler(event: unknown, context: FunctionContext): Promise<BatchAnswer> {
  return (await opened()).handle(event, context);
}
