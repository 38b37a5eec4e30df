import { createHash } from "node:crypto";
import type { Job } from "../domain/job.ts";

/**
 * A job's id: the first 32 hex digits of the SHA-256 over what identifies the request. The same parts give the same id,
 * so a redelivery of an event is the same job; the parts cannot run into each other.
 */
export const jobId = (parts: readonly (string | undefined)[]): string =>
  createHash("sha256")
    .update(JSON.stringify(parts.map((part) => part ?? null)))
    .digest("hex")
    .slice(0, 32);

/** The id of a job that a message of our own asks for: other wishes for the same source are another job. */
export const requestedJobId = ({
  source,
  assetPath,
  ladder,
  presets,
  engine,
}: Pick<Job, "source" | "assetPath" | "ladder" | "presets" | "engine">): string =>
  jobId([source.bucket, source.key, source.versionId, assetPath, presets ? JSON.stringify(presets) : ladder, engine]);

/** The version a message names; S3 writes "null" for objects of an unversioned bucket and some senders an empty text. */
export const namedVersion = (versionId: string | null | undefined): string | undefined =>
  versionId === "" || versionId === "null" ? undefined : (versionId ?? undefined);
