import { z } from "zod";
import { ENGINES } from "../domain/job.ts";
import { isOwnOutput } from "./entry.ts";
import type { Entry, IntakeRules } from "./entry.ts";
import { namedVersion, requestedJobId } from "./job-id.ts";
import { isObjectKey } from "./key.ts";
import { malformed, rejected } from "./reject.ts";

/** Leaves room in a key of 1024 bytes for r/<revision>/<rendition>/<segment>. */
const MAX_ASSET_PATH_BYTES = 768;
const MAX_METADATA_ENTRIES = 50;

/**
 * Why this cannot be an asset's path, undefined when it can: a clean relative path, no segment of it `r` (that folder
 * holds an asset's revisions).
 */
export function assetPathProblem(path: string): string | undefined {
  if (path === "" || path.startsWith("/")) return "must be a relative path";
  if (!path.isWellFormed() || /\p{Cc}/u.test(path)) return "must hold no control characters";
  if (Buffer.byteLength(path) > MAX_ASSET_PATH_BYTES) return `must be at most ${MAX_ASSET_PATH_BYTES} bytes`;
  const bad = path.split("/").find((segment) => ["", ".", "..", "r"].includes(segment));
  return bad === undefined ? undefined : `must hold no segment "${bad}"`;
}

const name = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[\w.-]+$/, "must be a plain name");
const metadata = z
  .record(z.string().min(1).max(128), z.string().max(1024))
  .refine((entries) => Object.keys(entries).length <= MAX_METADATA_ENTRIES, `must hold at most ${MAX_METADATA_ENTRIES} entries`);

const jobMessage = z.strictObject({
  ladderd: z.literal(1),
  source: z.strictObject({
    bucket: z.string().min(1).max(255),
    key: z.string().refine((key) => isObjectKey(key) && !key.endsWith("/"), "must be a key of 1 to 1024 bytes and no folder"),
    versionId: z.string().max(1024).nullable().exactOptional(),
  }),
  assetPath: z
    .string()
    .superRefine((path, context) => {
      const problem = assetPathProblem(path);
      if (problem !== undefined) context.addIssue(problem);
    })
    .exactOptional(),
  ladder: name.exactOptional(),
  engine: z.enum(ENGINES).exactOptional(),
  priority: z.int().exactOptional(),
  metadata: metadata.exactOptional(),
});

/** The entry of our own job message; a field that does not fit is named. */
export function parseJobMessage(value: unknown, rules: IntakeRules): Entry {
  const parsed = jobMessage.safeParse(value);
  if (!parsed.success) return malformed(parsed.error, "job message");
  const { ladderd: _version, source, ...wishes } = parsed.data;
  const { bucket, key } = source;
  if (!rules.uploadBuckets.includes(bucket))
    return rejected("job_bucket_not_allowed", `source.bucket: ${bucket} is not among the upload buckets`);
  if (isOwnOutput(bucket, key, rules)) return rejected("job_bucket_not_allowed", "source.key: lies where this worker publishes");
  const versionId = namedVersion(source.versionId);
  const ref = { bucket, key, ...(versionId === undefined ? {} : { versionId }) };
  const pins = versionId === undefined ? {} : ({ pinsVersion: true } as const);
  return { kind: "job", job: { id: requestedJobId({ source: ref, ...wishes }), source: ref, ...pins, ...wishes } };
}
