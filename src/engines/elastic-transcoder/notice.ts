import type { ErrorCode } from "../../domain/errors.ts";
import type { Job } from "../../domain/job.ts";
import { revisionBase } from "../../domain/output-layout.ts";
import { CAPTURED_PRESETS, findPreset } from "./catalogue.ts";
import { SOUND } from "./compile.ts";
import type { Preset } from "./preset.ts";

/** A message as the service's own subscribers parse it. */
export interface Notice {
  readonly id: string;
  readonly event: "COMPLETED" | "ERROR";
  readonly subject: string;
  /** The text inside SNS's envelope: JSON. */
  readonly message: string;
}

/** One rendition of what was published. */
export interface NoticedRendition {
  readonly id: string;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}

/** A film that is published. */
export interface NoticedAsset {
  readonly assetPath: string;
  readonly revision: string;
  readonly engine: string;
  readonly durationSeconds: number;
  /** As it was asked for. */
  readonly segmentSeconds: number;
  readonly renditions: readonly NoticedRendition[];
  /** From each key of the old layout to the stream of the revision behind it. */
  readonly keys?: Readonly<Record<string, string>> | undefined;
}

/** The pipeline that subscribers know, and the custom presets whose settings are at hand. */
export interface NoticeFacts {
  readonly pipelineId: string;
  readonly presets: readonly Preset[];
}

/** What there is to say of a job whose source was given up. */
export interface NoticedFailure {
  readonly jobId: string;
  readonly key: string;
  readonly code: ErrorCode | "unknown";
  readonly reason: string;
  readonly userMetadata: Readonly<Record<string, string>>;
}

const VERSION = "2012-09-25";

/** An id as the service made them, the same for the same job: 13 digits and 6 characters. */
export function serviceIdOf(jobId: string): string {
  const number = BigInt(`0x${jobId.replaceAll(/[^0-9a-f]/g, "").padStart(32, "0")}`);
  const digits = number.toString().padStart(39, "0");
  return `${digits.slice(0, 13)}-${number.toString(36).padStart(6, "0").slice(-6)}`;
}

/**
 * What the service said of a job that was done, in its own shape (ENGINES, SNS notification): keys in camel case, sizes as
 * numbers, the duration in whole seconds. `outputKeyPrefix` with a playlist's name leads to what ladderd published, as it led
 * to what the service did.
 */
export function completedNotice(job: Job, asset: NoticedAsset, { pipelineId, presets }: NoticeFacts): Notice {
  const { assetPath, durationSeconds, segmentSeconds } = asset;
  const jobId = serviceIdOf(job.id);
  const outputs = outputsOf(asset).map(({ key, rendition: { id, width, height } }, index) => ({
    id: `${index + 1}`,
    presetId: job.outputKeys?.find((named) => named.key === key)?.preset ?? presetOf(job, { id, height, width }, presets),
    key,
    segmentDuration: segmentSeconds,
    status: "Complete",
    duration: Math.ceil(durationSeconds),
    ...(width === undefined || height === undefined ? {} : { width, height }),
  }));
  const outputKeys = outputs.map(({ key }) => key);
  const playlists = ["HLSv4", "MPEG-DASH"].map((format) => ({ name: "index", format, outputKeys, status: "Complete" }));
  return {
    id: job.id,
    event: "COMPLETED",
    subject: `Amazon Elastic Transcoder has finished transcoding job ${jobId}.`,
    message: JSON.stringify({
      ...{ state: "COMPLETED", version: VERSION, jobId, pipelineId, input: { key: job.source.key }, inputCount: 1 },
      ...{ outputKeyPrefix: `${assetPath}/`, outputs, playlists, userMetadata: job.metadata ?? {} },
    }),
  };
}

/**
 * What the service said of a job that it could not do. No real one has been seen: code and message stand where its developer
 * guide lists them.
 */
export function errorNotice({ jobId: id, key, code, reason, userMetadata }: NoticedFailure, pipelineId: string): Notice {
  const jobId = serviceIdOf(id);
  const says = { errorCode: SERVICE_CODES.get(code) ?? UNCLASSIFIED, messageDetails: reason };
  return {
    id,
    event: "ERROR",
    subject: `Amazon Elastic Transcoder could not transcode job ${jobId}.`,
    message: JSON.stringify({
      ...{ state: "ERROR", ...says, version: VERSION, jobId, pipelineId, input: { key }, inputCount: 1 },
      ...{ outputs: [], playlists: [], userMetadata },
    }),
  };
}

interface NoticedOutput {
  readonly key: string;
  readonly rendition: NoticedRendition;
}

/** With the old layout an output is a key, whose sound is inside; else it is a rendition. */
function outputsOf(asset: NoticedAsset): readonly NoticedOutput[] {
  const { renditions, keys } = asset;
  if (!keys) return renditions.map((rendition) => ({ key: keyOf(rendition, asset), rendition }));
  return Object.entries(keys).flatMap(([key, stream]) => {
    const rendition = renditions.find(({ id }) => stream === id || stream === NAMED_BY_SERVICE + id);
    return rendition ? [{ key, rendition }] : [];
  });
}

/** What the keys of the service's own outputs begin with, since two formats lie in one folder. */
const NAMED_BY_SERVICE = "hls-";

/** The playlist of a rendition without the extension that the service appended: its own outputs keep the names it gave. */
const keyOf = ({ id, width }: NoticedRendition, { revision, engine }: NoticedAsset): string =>
  engine === "elastic-transcoder"
    ? `${revisionBase(revision)}${NAMED_BY_SERVICE}${width === undefined ? SOUND : id}`
    : `${revisionBase(revision)}${id}/index`;

/** The one that the job named for this size; a job that named none gets the system preset that comes nearest. */
function presetOf({ presets: named = [] }: Job, { width = 0, height = 0 }: NoticedRendition, custom: readonly Preset[]): string {
  const side = Math.min(width, height);
  const asked = named.flatMap((id) => {
    const found = findPreset(id, custom);
    return found.kind === "known" ? [found.preset] : [];
  });
  const candidates = asked.length > 0 ? asked : CAPTURED_PRESETS.filter(({ container }) => container === "ts");
  const distance = ({ video }: Preset): number => Math.abs(boxSide(video) - side);
  const nearest = candidates.filter(({ video }) => (video === undefined) === (side === 0)).toSorted((a, b) => distance(a) - distance(b))[0];
  return nearest?.id ?? named[0] ?? "";
}

const boxSide = (video: Preset["video"]): number => Math.min(video?.maxHeight ?? 0, ((video?.maxWidth ?? 0) * 9) / 16);

const UNCLASSIFIED = 9999;
const SERVICE_CODES: ReadonlyMap<string, number> = new Map<ErrorCode, number>([
  ["job_malformed", 1000],
  ["job_unknown_ladder", 1000],
  ["job_unsupported_event", 1000],
  ["job_bucket_not_allowed", 1000],
  ["source_not_found", 3001],
  ["destination_conflict", 3002],
  ["source_denied", 3003],
  ["destination_denied", 3004],
  ["source_not_media", 4000],
  ["source_codec", 4000],
  ["source_corrupt", 4000],
  ["source_empty", 4000],
  ["source_encrypted", 4000],
  ["source_no_video", 4000],
  ["source_playlist", 4000],
  ["source_truncated", 4000],
  ["source_limits", 4001],
  ["source_too_large", 4002],
]);
