import { z } from "zod";
import type { Entry, IntakeRules } from "./entry.ts";
import { admitCreated } from "./intake.ts";
import { isObjectKey } from "./key.ts";
import { ignored, malformed, rejected } from "./reject.ts";

const text = z.string().max(4096);
const head = z.object({ source: text, "detail-type": text });
const created = z.object({
  time: text.nullish(),
  region: text.nullish(),
  detail: z.object({
    bucket: z.object({ name: text.min(1) }),
    object: z.object({
      key: text.min(1),
      size: z.int().min(0),
      etag: text.nullish(),
      "version-id": text.nullish(),
      sequencer: text.nullish(),
    }),
  }),
});

/** The entry of an EventBridge event. Its key is taken as it stands: EventBridge does not encode keys. */
export function parseEventBridge(value: unknown, rules: IntakeRules): Entry {
  const kind = head.safeParse(value);
  if (!kind.success) return malformed(kind.error, "EventBridge event");
  const { source, "detail-type": type } = kind.data;
  if (source !== "aws.s3") return rejected("job_unsupported_event", `EventBridge source ${source} is not aws.s3`);
  if (type !== "Object Created") return ignored(`event ${type} creates no object`);
  const body = created.safeParse(value);
  if (!body.success) return malformed(body.error, "EventBridge event");
  const { time, region, detail } = body.data;
  const { bucket, object } = detail;
  if (!isObjectKey(object.key)) return rejected("job_malformed", "EventBridge event: detail.object.key: not a key of at most 1024 bytes");
  return admitCreated(
    {
      bucket: bucket.name,
      key: object.key,
      versionId: object["version-id"],
      etag: object.etag,
      sequencer: object.sequencer,
      eventTime: time,
      region,
    },
    rules,
  );
}
