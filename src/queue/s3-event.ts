import { z } from "zod";
import type { Entry, IntakeRules } from "./entry.ts";
import { admitCreated } from "./intake.ts";
import { decodeS3Key } from "./key.ts";
import { ignored, malformed, rejected } from "./reject.ts";

/** S3 sends one record a message; more than this is not S3. */
const MAX_RECORDS = 100;

const text = z.string().max(4096);
const head = z.object({ eventSource: text, eventVersion: text, eventName: text });
/** S3 event message structure 2.x; unknown fields are ignored, as its versioning rule asks. */
const created = z.object({
  eventTime: text.nullish(),
  awsRegion: text.nullish(),
  s3: z.object({
    bucket: z.object({ name: text.min(1) }),
    object: z.object({
      key: text.min(1),
      size: z.int().min(0),
      eTag: text.nullish(),
      versionId: text.nullish(),
      sequencer: text.nullish(),
    }),
  }),
});

/** The entries of an S3 event notification, one a record. */
export function parseS3Records(records: readonly unknown[], rules: IntakeRules): readonly Entry[] {
  if (records.length === 0) return [ignored("the event holds no records")];
  if (records.length > MAX_RECORDS) return [rejected("job_malformed", `Records: more than ${MAX_RECORDS} records`)];
  return records.map((record) => parseRecord(record, rules));
}

function parseRecord(record: unknown, rules: IntakeRules): Entry {
  const kind = head.safeParse(record);
  if (!kind.success) return malformed(kind.error, "S3 event record");
  const { eventSource, eventVersion, eventName } = kind.data;
  if (eventSource !== "aws:s3") return rejected("job_unsupported_event", `eventSource ${eventSource} is not aws:s3`);
  // Equal major version, any minor (S3 user guide, "Event message structure").
  if (!/^2\.\d+$/.test(eventVersion)) return rejected("job_unsupported_event", `eventVersion ${eventVersion} is not 2.x`);
  if (!/^(?:s3:)?ObjectCreated:/.test(eventName)) return ignored(`event ${eventName} creates no object`);
  const body = created.safeParse(record);
  if (!body.success) return malformed(body.error, "S3 event record");
  const { eventTime, awsRegion, s3 } = body.data;
  const key = decodeS3Key(s3.object.key);
  if (key === undefined) return rejected("job_malformed", "S3 event record: s3.object.key: not a form-encoded UTF-8 key");
  return admitCreated(
    {
      bucket: s3.bucket.name,
      key,
      versionId: s3.object.versionId,
      etag: s3.object.eTag,
      sequencer: s3.object.sequencer,
      eventTime,
      region: awsRegion,
    },
    rules,
  );
}
