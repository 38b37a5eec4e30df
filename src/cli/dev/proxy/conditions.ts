import type { IncomingHttpHeaders } from "node:http";
import { S3Failure } from "./failure.ts";

/** What a request demands of the object's ETag (RFC 9110 §13.1). */
export interface Conditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}

/** The conditions of a read or write. */
export const conditionsOf = (headers: IncomingHttpHeaders): Conditions => pick(headers["if-match"], headers["if-none-match"]);

/** The conditions a copy puts on its source. */
export function copyConditionsOf(headers: IncomingHttpHeaders): Conditions {
  const [ifMatch, ifNoneMatch] = [headers["x-amz-copy-source-if-match"], headers["x-amz-copy-source-if-none-match"]];
  return pick(typeof ifMatch === "string" ? ifMatch : undefined, typeof ifNoneMatch === "string" ? ifNoneMatch : undefined);
}

/** Whether there is anything to check. */
export const isConditional = (conditions: Conditions): boolean => conditions.ifMatch !== undefined || conditions.ifNoneMatch !== undefined;

/**
 * Why a write must not happen while the object has this ETag (undefined: there is none), or undefined when it may.
 * As S3 answers: 412 PreconditionFailed, and 404 NoSuchKey for If-Match on nothing.
 */
export function refusedWrite({ ifMatch, ifNoneMatch }: Conditions, etag: string | undefined): S3Failure | undefined {
  if (ifMatch !== undefined && etag === undefined) return new S3Failure(404, "NoSuchKey", "The specified key does not exist.");
  if (ifMatch !== undefined && !matches(ifMatch, etag)) return preconditionFailed();
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, etag)) return preconditionFailed();
  return undefined;
}

/** The status that answers a read of an existing object instead of its bytes: 412 or 304; undefined: serve it. */
export function refusedRead({ ifMatch, ifNoneMatch }: Conditions, etag: string | undefined): 304 | 412 | undefined {
  if (ifMatch !== undefined && !matches(ifMatch, etag)) return 412;
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, etag)) return 304;
  return undefined;
}

/** S3's answer to a condition that does not hold. */
export const preconditionFailed = (): S3Failure =>
  new S3Failure(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");

const bare = (tag: string): string => tag.trim().replace(/^W\//, "").replaceAll('"', "");

function matches(header: string, etag: string | undefined): boolean {
  if (etag === undefined) return false;
  return header.split(",").some((tag) => tag.trim() === "*" || bare(tag) === bare(etag));
}

function pick(ifMatch: string | undefined, ifNoneMatch: string | undefined): Conditions {
  return { ...(ifMatch === undefined ? {} : { ifMatch }), ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }) };
}
