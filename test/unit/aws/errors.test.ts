import { S3ServiceException } from "@aws-sdk/client-s3";
import { SQSServiceException } from "@aws-sdk/client-sqs";
import { describe, expect, test } from "vitest";
import { JobError, LeaseLostError, ShutdownError, StorageError } from "../../../src/domain/errors.ts";
import { PreconditionFailed, SourceChanged } from "../../../src/pipeline/ports.ts";
import { translateLeaseError, translateS3Error } from "../../../src/aws/errors.ts";

const anS3Error = (name: string, httpStatusCode: number) =>
  new S3ServiceException({ name, $fault: "client", message: name, $metadata: { httpStatusCode } });
const aNodeError = (code: string, fields: Readonly<Record<string, unknown>> = {}) => Object.assign(new Error(code), { code, ...fields });
const translate = (error: unknown, side: "source" | "destination", signal?: AbortSignal) =>
  translateS3Error(error, { side, bucket: "b", key: "k", signal });
const codeOf = (error: unknown): string => (error instanceof JobError ? `${error.code} ${error.disposition}` : String(error));

describe("an S3 error", () => {
  test.each([
    ["NotFound", 404, "source_not_found reject"],
    ["NoSuchVersion", 404, "source_not_found reject"],
    ["MethodNotAllowed", 405, "source_not_found reject"],
    ["InvalidObjectState", 403, "source_archived reject"],
    ["AccessDenied", 403, "source_denied retry"],
    ["RequestTimeTooSkewed", 403, "storage_throttled retry"],
    ["SlowDown", 503, "storage_throttled retry"],
    ["InternalError", 500, "storage_throttled retry"],
  ])("bad input 33, bad input 34, bad input 35, bad input 36: %s (%i) of a source is %s", (name, status, expected) => {
    const translated = translate(anS3Error(name, status), "source");
    expect(codeOf(translated)).toBe(expected);
    expect(translated).toMatchObject({ cause: { name }, facts: { bucket: "b", key: "k" } });
  });

  test.each([
    ["AccessDenied", 403, "destination_denied retry"],
    ["NoSuchBucket", 404, "destination_denied retry"],
    ["SlowDown", 503, "storage_throttled retry"],
    ["ConditionalRequestConflict", 409, "storage_throttled retry"],
  ])("%s (%i) of a bucket that we write is %s", (name, status, expected) => {
    expect(codeOf(translate(anS3Error(name, status), "destination"))).toBe(expected);
  });

  test("fault 32: a source that was deleted is gone for good", () => {
    expect(codeOf(translate(anS3Error("NoSuchKey", 404), "source"))).toBe("source_not_found reject");
  });

  test.each([
    [400, "source"],
    [403, "destination"],
  ] as const)("fault 42: expired credentials (%i) of a %s are tried again, like credentials that cannot be had", (status, side) => {
    expect(codeOf(translate(anS3Error("ExpiredToken", status), side))).toBe("storage_throttled retry");
    const none = Object.assign(new Error("Could not load credentials from any providers"), { name: "CredentialsProviderError" });
    expect(codeOf(translate(none, side))).toBe("storage_throttled retry");
  });

  test("a denied source says that ListBucket may be missing", () => {
    expect(translate(anS3Error("AccessDenied", 403), "source").message).toContain("s3:ListBucket");
  });

  test.each([
    ["PreconditionFailed", 412],
    ["InvalidRange", 416],
  ])("%s (%i) of a source is told apart from a source that is gone", (name, status) => {
    expect(translate(anS3Error(name, status), "source")).toBeInstanceOf(SourceChanged);
  });

  test("a failed precondition of a write is PreconditionFailed, for the caller to judge", () => {
    expect(translate(anS3Error("PreconditionFailed", 412), "destination")).toBeInstanceOf(PreconditionFailed);
  });
});

describe("an error on the way to S3", () => {
  test.each(["ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "EPIPE", "TimeoutError"])("fault 43: %s is tried again", (code) => {
    expect(translate(aNodeError(code, { syscall: "write" }), "source")).toBeInstanceOf(StorageError);
  });

  test.each(["ENOSPC", "EDQUOT"])("%s is a full disk, to be released", (code) => {
    expect(codeOf(translate(aNodeError(code, { path: "/work/source" }), "source"))).toBe("disk_full release");
  });

  test("an error of a local file is left as it is", () => {
    const error = aNodeError("ENOENT", { path: "/work/segment" });
    expect(translate(error, "destination")).toBe(error);
  });

  test("a JobError is left as it is", () => {
    const error = new StorageError("x");
    expect(translate(error, "source")).toBe(error);
  });

  test("after an abort it is the signal's reason", () => {
    const reason = new ShutdownError("stopping");
    expect(translate(anS3Error("NoSuchKey", 404), "source", AbortSignal.abort(reason))).toBe(reason);
  });
});

describe("an error of an extension", () => {
  const anSqsError = (name: string, message: string) => new SQSServiceException({ name, $fault: "client", message, $metadata: {} });

  test.each([
    ["ReceiptHandleIsInvalid", "The input receipt handle is invalid."],
    ["MessageNotInflight", "x"],
    ["AWS.SimpleQueueService.MessageNotInflight", "x"],
    ["InvalidParameterValue", "Value … Reason: Message does not exist or is not available for visibility timeout change."],
    ["InvalidParameterValueException", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"],
  ])("%s is a lost lease", (name, message) => {
    expect(translateLeaseError(anSqsError(name, message))).toBeInstanceOf(LeaseLostError);
  });

  test.each([
    anSqsError("InvalidParameterValue", "Value for VisibilityTimeout is invalid"),
    anSqsError("InternalError", "x"),
    new Error("ECONNRESET"),
  ])("%s is worth another try", (error) => {
    expect(translateLeaseError(error)).toBe(error);
  });
});
