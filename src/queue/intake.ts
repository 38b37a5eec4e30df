import { isOwnOutput } from "./entry.ts";
import type { Entry, IntakeRules } from "./entry.ts";
import { jobId, namedVersion } from "./job-id.ts";
import { ignored, rejected } from "./reject.ts";

/** One created object as an event tells of it; the key is decoded. */
export interface CreatedObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | null | undefined;
  readonly etag: string | null | undefined;
  readonly sequencer: string | null | undefined;
  readonly eventTime: string | null | undefined;
  readonly region: string | null | undefined;
}

/** Turns a created object into a job, unless the rules speak against it. */
export function admitCreated(object: CreatedObject, rules: IntakeRules): Entry {
  const { bucket, key, eventTime, region } = object;
  if (isOwnOutput(bucket, key, rules))
    return ignored("the object lies where this worker publishes; events of that place must not feed its queue");
  if (!rules.uploadBuckets.includes(bucket)) return rejected("job_bucket_not_allowed", `bucket ${bucket} is not among the upload buckets`);
  if (rules.region !== undefined && region && region !== rules.region) {
    return rejected("job_bucket_not_allowed", `the event is of region ${region}, this worker serves ${rules.region}`);
  }
  if (key.endsWith("/")) return ignored("the key is a folder marker");
  const versionId = namedVersion(object.versionId);
  const identity = versionId ?? (object.etag || object.sequencer || undefined);
  return {
    kind: "job",
    job: {
      id: jobId([bucket, key, identity]),
      source: { bucket, key, ...(versionId === undefined ? {} : { versionId }) },
      ...(eventTime ? { eventTime } : {}),
    },
  };
}
