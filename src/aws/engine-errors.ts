import { JobError } from "../domain/errors.ts";
import type { FailureClass } from "../engines/failure-class.ts";
import type { RemoteEngineName } from "../engines/remote.ts";
import { RemoteEngineError } from "../engines/remote.ts";

/** What was asked of a service: the same answer means another thing of a job's settings than of a job that is looked for. */
export type EngineCallKind = "check" | "submit" | "read";

export interface EngineCall {
  readonly engine: RemoteEngineName;
  readonly operation: string;
  readonly kind: EngineCallKind;
  readonly signal: AbortSignal;
}

/** Answers whose status would say something else: time or other credentials mend them. */
const CLASS_OF_NAME: ReadonlyMap<string, FailureClass> = new Map<string, FailureClass>([
  ["ExpiredTokenException", "retry"],
  ["RequestTimeTooSkewed", "retry"],
  ["CredentialsProviderError", "role"],
  ["UnrecognizedClientException", "role"],
  ["ThrottlingException", "quota"],
  ["LimitExceededException", "quota"],
  ["ServiceQuotaExceededException", "quota"],
  ["IncompatibleVersionException", "service"],
]);

/** The RemoteEngineError that an error of a service's SDK client means; after an abort the signal's reason. */
export function translateEngineError(error: unknown, call: EngineCall): Error {
  const { signal, engine, operation, kind } = call;
  if (signal.aborted) return asError(signal.reason);
  if (error instanceof JobError) return error;
  const name = error instanceof Error ? error.name : String(error);
  const status = engineStatus(error);
  return new RemoteEngineError(`${engine} does not do ${operation}: ${name}${error instanceof Error ? `: ${error.message}` : ""}`, {
    engine,
    failureClass: CLASS_OF_NAME.get(name) ?? classOfStatus(status, kind),
    unclear: kind === "submit" && isUnclear(error, status),
    cause: error,
    facts: { operation, ...(status === undefined ? {} : { status }), serviceError: name },
  });
}

function classOfStatus(status: number | undefined, kind: EngineCallKind): FailureClass {
  // No answer at all.
  if (status === undefined || status >= 500) return "service";
  // What is not there is the queue or the pipeline that somebody configured, unless a job is looked for.
  if (status === 404) return kind === "read" ? "retry" : "role";
  return CLASS_OF_STATUS.get(status) ?? (kind === "submit" ? "source" : "service");
}

const CLASS_OF_STATUS: ReadonlyMap<number, FailureClass> = new Map<number, FailureClass>([
  [401, "role"],
  [402, "quota"],
  [403, "role"],
  [409, "retry"],
  [429, "quota"],
]);

/** The HTTP status that a service answered with; undefined when it did not answer. */
export function engineStatus(error: unknown): number | undefined {
  const metadata = error instanceof Error && "$metadata" in error ? error.$metadata : undefined;
  const status = typeof metadata === "object" && metadata !== null && "httpStatusCode" in metadata ? metadata.httpStatusCode : undefined;
  return typeof status === "number" ? status : undefined;
}

/** Of these the service never heard. */
const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

/** The request may have been carried out: the service had it, and did not say no. */
function isUnclear(error: unknown, status: number | undefined): boolean {
  if (status !== undefined) return status >= 500;
  const isUnsigned = error instanceof Error && error.name === "CredentialsProviderError";
  return !isUnsigned && !NEVER_SENT.has(String(error instanceof Error && "code" in error ? error.code : ""));
}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason), { cause: reason }));
