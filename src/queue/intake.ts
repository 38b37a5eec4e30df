import type { AttachJob, Job } from "../domain/job.ts";
import { isTextKey } from "../media/sidecar-key.ts";
import { isOwnOutput } from "./entry.ts";
import type { Entry, IntakeRules } from "./entry.ts";
import { jobId, namedVersion } from "./job-id.ts";
import { ignored, misrouted, rejected } from "./reject.ts";

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
  const { bucket, key, region } = object;
  if (isOwnOutput(bucket, key, rules))
    return misrouted("the object lies where this worker publishes; events of that place must not feed its queue");
  if (!rules.uploadBuckets.includes(bucket)) return rejected("job_bucket_not_allowed", `bucket ${bucket} is not among the upload buckets`);
  if (rules.region !== undefined && region && region !== rules.region) {
    return rejected("job_bucket_not_allowed", `the event is of region ${region}, this worker serves ${rules.region}`);
  }
  if (key.endsWith("/")) return ignored("the key is a folder marker");
  return { kind: "job", job: isTextKey(key) ? attachJobOf(object) : jobOf(object) };
}

/** The version is left out: of two uploads the later one counts, whichever event comes first. */
function attachJobOf({ bucket, key, versionId, etag, sequencer, eventTime }: CreatedObject): AttachJob {
  const id = jobId(["attach", bucket, key, namedVersion(versionId) ?? (etag || sequencer || undefined)]);
  return { id, subtitles: { bucket, key }, ...(eventTime ? { eventTime } : {}) };
}

function jobOf({ bucket, key, versionId: named, etag, sequencer, eventTime }: CreatedObject): Job {
  const versionId = namedVersion(named);
  return {
    id: jobId([bucket, key, versionId ?? (etag || sequencer || undefined)]),
    source: { bucket, key, ...(versionId === undefined ? {} : { versionId }) },
    ...(eventTime ? { eventTime } : {}),
  };
}
