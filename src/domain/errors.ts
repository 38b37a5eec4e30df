/** The closed list of reasons a job can end for; each has a line in docs/runbook.md and is a metric label. */
export const ERROR_CODES = [
  "job_malformed",
  "job_unsupported_event",
  "job_bucket_not_allowed",
  "job_unknown_ladder",
  "destination_conflict",
  "source_not_found",
  "source_empty",
  "source_too_large",
  "source_archived",
  "source_not_media",
  "source_playlist",
  "source_no_video",
  "source_codec",
  "source_encrypted",
  "source_truncated",
  "source_corrupt",
  "source_limits",
  "source_denied",
  "destination_denied",
  "engine_rejected",
  "engine_failed",
  "engine_unavailable",
  "output_incomplete",
  "output_misaligned",
  "storage_throttled",
  "disk_full",
  "memory_full",
  "machine_fault",
  "resource_limit",
  "stalled",
  "lease_lost",
  "job_claimed",
  "shutdown",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What every job fails of until somebody mends it: a policy, the installation, the machine. The intake pauses for it; a metric label. */
export const LASTING_CODES = ["destination_denied", "source_denied", "engine_unavailable", "machine_fault"] as const;

/** Whose fault it is: decides the log level (only ours is an error). */
export type Fault = "request" | "source" | "destination" | "service" | "shutdown";
/** What happens to the message: decides the settlement. */
export type Disposition = "reject" | "retry" | "release" | "abandon";

interface Details {
  readonly cause?: unknown;
  /** Facts for the failure record and the log; never secrets. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** The one shape of a job's failure: `code`, `fault` and `disposition` are data, the message is for people. */
export abstract class JobError extends Error {
  abstract readonly code: ErrorCode;
  abstract readonly fault: Fault;
  abstract readonly disposition: Disposition;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(message: string, details: Details = {}) {
    super(message, "cause" in details ? { cause: details.cause } : {});
    this.name = new.target.name;
    this.facts = details.facts ?? {};
  }
}

type InvalidJobCode = Exclude<Extract<ErrorCode, `job_${string}` | "destination_conflict">, "job_claimed">;
/** The message asks for what cannot be done; it will never succeed. */
export class InvalidJobError extends JobError {
  readonly code: InvalidJobCode;
  readonly fault = "request";
  readonly disposition = "reject";
  constructor(code: InvalidJobCode, message: string, details?: Details) {
    super(message, details);
    this.code = code;
  }
}

type SourceCode = Exclude<Extract<ErrorCode, `source_${string}`>, "source_denied">;
/** The source cannot be transcoded, whoever tries. */
export class SourceError extends JobError {
  readonly code: SourceCode;
  readonly fault = "source";
  readonly disposition = "reject";
  constructor(code: SourceCode, message: string, details?: Details) {
    super(message, details);
    this.code = code;
  }
}

/** S3 refuses us the source: a policy or a key that somebody must mend, or, without s3:ListBucket, no such object. */
export class SourceDeniedError extends JobError {
  readonly code = "source_denied";
  readonly fault = "request";
  readonly disposition = "retry";
}

/** The published bucket refuses us. */
export class DestinationError extends JobError {
  readonly code = "destination_denied";
  readonly fault = "destination";
  readonly disposition = "retry";
}

type EngineCode = Extract<ErrorCode, `engine_${string}`>;
/** The engine refused the plan (reject), failed at it, or is not there (retry: the next engine may do). */
export class EngineError extends JobError {
  readonly code: EngineCode;
  readonly fault = "service";
  readonly disposition: Disposition;
  constructor(code: EngineCode, message: string, details?: Details) {
    super(message, details);
    this.code = code;
    this.disposition = code === "engine_rejected" ? "reject" : "retry";
  }
}

type OutputCode = Extract<ErrorCode, `output_${string}`>;
/** What the engine wrote is not what the plan says; nothing points to it. */
export class OutputError extends JobError {
  readonly code: OutputCode;
  readonly fault = "service";
  readonly disposition = "retry";
  constructor(code: OutputCode, message: string, details?: Details) {
    super(message, details);
    this.code = code;
  }
}

/** The object store is there but will not serve us now. */
export class StorageError extends JobError {
  readonly code = "storage_throttled";
  readonly fault = "service";
  readonly disposition = "retry";
}

/** The key of a protected asset cannot be had now: its secret or its server must be mended, and nothing is published in clear meanwhile. */
export class KeyUnavailableError extends StorageError {}

type ResourceCode = Extract<ErrorCode, "disk_full" | "memory_full" | "machine_fault" | "resource_limit" | "stalled">;
/** A stall may be the program's or the machine's: it is tried again, and given up as a failure that comes back is. */
const DISPOSITION_OF_RESOURCE = {
  disk_full: "release",
  memory_full: "release",
  machine_fault: "release",
  stalled: "retry",
  resource_limit: "reject",
} as const;

/** This machine ran out of something (release: another may have it), or the source needs more than any may spend (reject). */
export class ResourceError extends JobError {
  readonly code: ResourceCode;
  readonly fault: Fault;
  readonly disposition: Disposition;
  constructor(code: ResourceCode, message: string, details?: Details) {
    super(message, details);
    this.code = code;
    this.fault = code === "resource_limit" ? "source" : "service";
    this.disposition = DISPOSITION_OF_RESOURCE[code];
  }
}

/** The message is somebody else's now: stop, write nothing, delete nothing. */
export class LeaseLostError extends JobError {
  readonly code = "lease_lost";
  readonly fault = "service";
  readonly disposition = "abandon";
}

/** Another attempt works on this source: the message waits, and finds the result when it comes back. */
export class ClaimHeldError extends JobError {
  readonly code = "job_claimed";
  readonly fault = "request";
  readonly disposition = "release";
}

/** The worker is stopping; not a failure of the job. */
export class ShutdownError extends JobError {
  readonly code = "shutdown";
  readonly fault = "shutdown";
  readonly disposition = "release";
}
