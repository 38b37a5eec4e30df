import { z } from "zod";
import type { Job } from "../domain/job.ts";
import { ENGINES } from "../domain/job.ts";
import { HLS_POINTER } from "../domain/output-layout.ts";
import { PRESET_ID } from "../engines/elastic-transcoder/preset.ts";
import { languageTag } from "../media/labels.ts";
import { KEY_SUFFIXES } from "../packaging/key-playlists.ts";
import { isOwnOutput } from "./entry.ts";
import type { Entry, IntakeRules } from "./entry.ts";
import { jobId, namedVersion, requestedJobId } from "./job-id.ts";
import { isObjectKey } from "./key.ts";
import { malformed, rejected } from "./reject.ts";

/** Leaves room in a key of 1024 bytes for r/<revision>/<rendition>/<segment>. */
const MAX_ASSET_PATH_BYTES = 768;
const MAX_METADATA_ENTRIES = 50;
/** As many outputs had a job of Elastic Transcoder at most. */
const MAX_PRESETS = 30;

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

const bucketName = z.string().min(1).max(255);
const objectKey = z.string().refine((key) => isObjectKey(key) && !key.endsWith("/"), "must be a key of 1 to 1024 bytes and no folder");
const path = z.string().superRefine((value, context) => {
  const problem = assetPathProblem(value);
  if (problem !== undefined) context.addIssue(problem);
});

const presetId = z.string().regex(PRESET_ID, "is no id of a preset");
/** The old service took folders in keys as well; ours lie beside the pointers. */
const outputKey = z.string().regex(/^[\w.-]{1,64}$/, "must be a plain name of at most 64 characters");
const presetList = z
  .array(z.union([presetId, z.strictObject({ id: presetId, key: outputKey })], "is neither the id of a preset nor its id and key"))
  .min(1)
  .max(MAX_PRESETS)
  .refine((wanted) => hasOwnNames(wanted.flatMap((one) => (typeof one === "string" ? [] : one.key))), {
    error: "have keys whose playlists would have one name, or that of a pointer",
  });

/** Whether every playlist of every key has a name that nothing else has. */
function hasOwnNames(keys: readonly string[]): boolean {
  const names = [HLS_POINTER, ...keys.flatMap((key) => KEY_SUFFIXES.map((suffix) => key + suffix))];
  return new Set(names).size === names.length;
}

const jobMessage = z
  .strictObject({
    ladderd: z.literal(1),
    source: z.strictObject({ bucket: bucketName, key: objectKey, versionId: z.string().max(1024).nullable().exactOptional() }),
    assetPath: path.exactOptional(),
    ladder: name.exactOptional(),
    presets: presetList.exactOptional(),
    engine: z.enum(ENGINES).exactOptional(),
    priority: z.int().exactOptional(),
    metadata: metadata.exactOptional(),
    /** When it was first asked for; the message's own time when absent. */
    askedAt: z.iso.datetime().exactOptional(),
  })
  .refine(({ ladder, presets }) => ladder === undefined || presets === undefined, {
    path: ["presets"],
    error: "stand instead of a ladder, not beside one",
  });

const attachMessage = z.strictObject({
  ladderd: z.literal(1),
  attach: z.strictObject({
    assetPath: path,
    subtitles: z.strictObject({ bucket: bucketName, key: objectKey }),
    language: z.string().refine((tag) => tag === "und" || languageTag(tag) !== "und", "must be a language tag (BCP 47)"),
    name: z.string().min(1).max(128).exactOptional(),
    forced: z.boolean().exactOptional(),
  }),
});

/** Which of the two kinds of our own messages it is. */
const asksToAttach = (value: unknown): boolean => typeof value === "object" && value !== null && "attach" in value;

/** The entry of our own job message; a field that does not fit is named. */
export function parseJobMessage(value: unknown, rules: IntakeRules): Entry {
  return asksToAttach(value) ? parseAttach(value, rules) : parseTranscode(value, rules);
}

function parseTranscode(value: unknown, rules: IntakeRules): Entry {
  const parsed = jobMessage.safeParse(value);
  if (!parsed.success) return malformed(parsed.error, "job message");
  const { ladderd: _version, source, askedAt, presets: wanted, ...others } = parsed.data;
  const wishes = { ...others, ...(wanted ? presetWishes(wanted) : {}) };
  const { bucket, key } = source;
  const refusal = refused(source, "source", rules);
  if (refusal) return refusal;
  const versionId = namedVersion(source.versionId);
  const ref = { bucket, key, ...(versionId === undefined ? {} : { versionId }) };
  const pins = versionId === undefined ? {} : ({ pinsVersion: true } as const);
  const asked = askedAt === undefined ? {} : { eventTime: askedAt };
  return { kind: "job", job: { id: requestedJobId({ source: ref, ...wishes }), source: ref, ...pins, ...wishes, ...asked } };
}

function presetWishes(wanted: z.infer<typeof presetList>): Pick<Job, "presets" | "outputKeys"> {
  const keyed = wanted.flatMap((one) => (typeof one === "string" ? [] : [{ preset: one.id, key: one.key }]));
  const ids = wanted.map((one) => (typeof one === "string" ? one : one.id));
  return { presets: ids, ...(keyed.length > 0 ? { outputKeys: keyed } : {}) };
}

function parseAttach(value: unknown, rules: IntakeRules): Entry {
  const parsed = attachMessage.safeParse(value);
  if (!parsed.success) return malformed(parsed.error, "job message");
  const { subtitles, assetPath, language, name: title, forced = false } = parsed.data.attach;
  const refusal = refused(subtitles, "attach.subtitles", rules);
  if (refusal) return refusal;
  const as = { assetPath, language: languageTag(language), forced, ...(title === undefined ? {} : { name: title }) };
  const id = jobId(["attach", subtitles.bucket, subtitles.key, assetPath, as.language, title, `${forced}`]);
  return { kind: "job", job: { id, subtitles, as } };
}

function refused({ bucket, key }: { bucket: string; key: string }, field: string, rules: IntakeRules): Entry | undefined {
  if (!rules.uploadBuckets.includes(bucket))
    return rejected("job_bucket_not_allowed", `${field}.bucket: ${bucket} is not among the upload buckets`);
  return isOwnOutput(bucket, key, rules) ? rejected("job_bucket_not_allowed", `${field}.key: lies where this worker publishes`) : undefined;
}
