import type { InvalidJobError } from "../domain/errors.ts";
import type { WorkerJob } from "../domain/job.ts";

/** What one record of a message asks for. */
export type Entry =
  | { readonly kind: "job"; readonly job: WorkerJob }
  | { readonly kind: "ignored"; readonly reason: string; readonly isMisrouted?: true }
  | { readonly kind: "rejected"; readonly error: InvalidJobError };

/** Which sources this worker may touch; checked before any call names a bucket. */
export interface IntakeRules {
  /** The allow-list: no other bucket is ever named in a call. */
  readonly uploadBuckets: readonly string[];
  readonly publishBucket: string;
  /** Where in the publish bucket we write; undefined or empty means all of it. */
  readonly publishPrefix?: string;
  /** When set, an event from another region is rejected. */
  readonly region?: string;
}

/** Whether the key lies where we publish: transcoding it would feed the worker its own output for ever. */
export function isOwnOutput(bucket: string, key: string, { publishBucket, publishPrefix = "" }: IntakeRules): boolean {
  if (bucket !== publishBucket) return false;
  const folder = publishPrefix.replace(/\/+$/, "");
  return folder === "" || key === folder || key.startsWith(`${folder}/`);
}
