import { ConfigError } from "../config/config-error.ts";
import { InvalidJobError, JobError, SourceError } from "../domain/errors.ts";
import { HelpRequested, UsageError } from "./usage.ts";
import { WorkerError } from "./watch-worker.ts";

/** 64 usage, 65 source rejected, 78 configuration, 1 everything else that fails (sysexits). */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError || error instanceof HelpRequested || error instanceof ConfigError) return error.exitCode;
  if (error instanceof SourceError) return 65;
  return error instanceof InvalidJobError ? 64 : 1;
}

/** What went wrong, a line each, for the person at the terminal. */
export function explain(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.problems;
  if (error instanceof UsageError || error instanceof WorkerError) return [error.message];
  // What a command was given to work on: a source, or an asset.
  if (error instanceof SourceError && error.code === "source_not_found") return [`${error.message} (${error.code})`];
  if (error instanceof SourceError) return [`the source is rejected (${error.code}): ${error.message}`];
  if (error instanceof JobError) return [`the job failed (${error.code}): ${error.message}`];
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}
