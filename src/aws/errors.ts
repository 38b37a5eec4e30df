import { S3ServiceException } from "@aws-sdk/client-s3";
import { SQSServiceException } from "@aws-sdk/client-sqs";
import {
  DestinationError,
  JobError,
  LeaseLostError,
  ResourceError,
  SourceDeniedError,
  SourceError,
  StorageError,
} from "../domain/errors.ts";
import { PreconditionFailed, SourceChanged } from "../pipeline/ports.ts";

/** Where an S3 call was made: the same answer means another thing of a source than of a bucket that we write. */
export interface S3Call {
  readonly side: "source" | "destination";
  readonly bucket: string;
  readonly key?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Answers that are no refusal although their status is 403 or 400: time or credentials will mend them. */
const PASSING = new Set(["RequestTimeTooSkewed", "ExpiredToken", "TokenRefreshRequired", "RequestExpired"]);

/** What is said in the words of the ports already. */
const TRANSLATED = [JobError, PreconditionFailed, SourceChanged];

/**
 * The JobError (or PreconditionFailed) that an error of an S3 call means. After an abort it is the signal's reason; what
 * comes from neither S3 nor the network (a local file that is not there) is given back as it is.
 */
export function translateS3Error(error: unknown, call: S3Call): Error {
  if (call.signal?.aborted) return asError(call.signal.reason);
  if (TRANSLATED.some((kind) => error instanceof kind)) return asError(error);
  if (isDiskFull(error)) return new ResourceError("disk_full", "the work folder is full", { cause: error });
  if (isLocal(error)) return asError(error);
  if (!(error instanceof S3ServiceException) || PASSING.has(error.name)) return unserved(error, call);
  return call.side === "source" ? sourceError(error, call) : destinationError(error, call);
}

/** The HTTP status S3 answered with; undefined when it did not answer. */
export const s3Status = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

function sourceError(error: S3ServiceException, call: S3Call): Error {
  const facts = factsOf(error, call);
  if (error.name === "InvalidObjectState") return new SourceError("source_archived", "the object is archived", { cause: error, facts });
  const status = s3Status(error);
  // 405: the version is a delete marker.
  if (status === 404 || status === 405) return new SourceError("source_not_found", "there is no such object", { cause: error, facts });
  if (status === 412 || status === 416) return changedSource(call, error);
  if (status !== 403) return unserved(error, call);
  return new SourceDeniedError("S3 denies the source; without s3:ListBucket it denies what does not exist, too", { cause: error, facts });
}

/** The source was overwritten after its HEAD. */
export const changedSource = ({ bucket, key }: S3Call, cause?: unknown): SourceChanged =>
  new SourceChanged(`${bucket}/${key ?? ""} changed while it was read`, { cause });

function destinationError(error: S3ServiceException, call: S3Call): Error {
  const facts = factsOf(error, call);
  const status = s3Status(error);
  if (status === 412) return new PreconditionFailed(`another object is at ${call.key ?? call.bucket}`, { cause: error });
  if (status === 403 || error.name === "NoSuchBucket")
    return new DestinationError(`S3 denies bucket ${call.bucket}`, { cause: error, facts });
  return unserved(error, call);
}

const unserved = (error: unknown, call: S3Call): StorageError =>
  new StorageError(`S3 does not serve: ${error instanceof Error ? error.name : String(error)}`, {
    cause: error,
    facts: factsOf(error, call),
  });

const placeOf = ({ bucket, key }: S3Call) => ({ bucket, ...(key === undefined ? {} : { key }) });

const factsOf = (error: unknown, call: S3Call): Readonly<Record<string, unknown>> => ({
  ...placeOf(call),
  ...(error instanceof Error ? { s3Error: error.name } : {}),
  ...(error instanceof S3ServiceException ? { status: error.$metadata.httpStatusCode, requestId: error.$metadata.requestId } : {}),
});

/** The answers that say that a receipt handle has no message any more, without the prefix of the older protocol. */
const NOT_OURS = new Set(["ReceiptHandleIsInvalid", "MessageNotInflight"]);

/** LeaseLostError when SQS says that the message is not in flight under this handle any more; else the error itself. */
export function translateLeaseError(error: unknown): Error {
  if (!(error instanceof SQSServiceException)) return asError(error);
  const name = error.name.replace(/^AWS\.SimpleQueueService\./, "");
  const expired =
    name.startsWith("InvalidParameterValue") && /not available for visibility timeout change|total visibilitytimeout/i.test(error.message);
  return NOT_OURS.has(name) || expired ? new LeaseLostError(`the message is not ours any more: ${name}`, { cause: error }) : error;
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

/** Errors of the file system name a path; those of sockets do not. */
const isLocal = (error: unknown): boolean => error instanceof Error && "path" in error;

const isDiskFull = (error: unknown): boolean => ["ENOSPC", "EDQUOT"].includes(String(codeOf(error)));

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason), { cause: reason }));
