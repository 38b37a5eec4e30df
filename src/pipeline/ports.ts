import type { MeasuredContent } from "../domain/content.ts";
import type { ErrorCode } from "../domain/errors.ts";
import type { EngineName, Job, SourceRef } from "../domain/job.ts";
import type { FfmpegExit } from "../engines/ffmpeg/exit-class.ts";
import { PASSED_OVER_KINDS } from "../engines/select.ts";
import type { VerificationCheck } from "../packaging/verify.ts";

/** What a write demands of the object that is there now; the store answers 412 (PreconditionFailed) otherwise. */
export type WriteCondition = { readonly kind: "absent" } | { readonly kind: "match"; readonly etag: string };

export interface ObjectHeaders {
  readonly contentType: string;
  readonly cacheControl: string;
}

export interface StoredText {
  readonly text: string;
  readonly etag: string;
  /** Since it was written, by the clock of the store. */
  readonly ageSeconds: number;
  /** When it was read, in Unix milliseconds, by the clock of the store. */
  readonly readAtMs: number;
}

export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
}

/** A conditional write found another object than it named. Not a job failure by itself: the caller reads back and decides. */
export class PreconditionFailed extends Error {
  override readonly name = "PreconditionFailed";
}

/** A bucket (or a folder standing in for one) that we write. Errors are JobErrors: destination_denied, storage_throttled. */
export interface ObjectStore {
  /** The object's text and ETag; undefined when there is none. */
  readText(key: string, signal?: AbortSignal): Promise<StoredText | undefined>;
  /** Writes a small object; throws PreconditionFailed when `condition` does not hold. Resolves to the new ETag. */
  writeText(
    object: { key: string; text: string; headers: ObjectHeaders; condition?: WriteCondition },
    signal?: AbortSignal,
  ): Promise<{ etag: string }>;
  /**
   * Uploads a file; each try reads it afresh. With a condition it replaces nothing: an object of the same size counts as its
   * own write whose answer was lost, any other is PreconditionFailed.
   */
  uploadFile(
    object: { key: string; path: string; headers: ObjectHeaders; condition?: Extract<WriteCondition, { kind: "absent" }> },
    signal?: AbortSignal,
  ): Promise<void>;
  /** Makes `to` the same object as `from`, headers included, without its bytes passing through here; at most 5 GiB. */
  copy(from: string, to: string, signal?: AbortSignal): Promise<void>;
  /** The same with headers of our own, for what another program wrote; `to` may be `from`. */
  copyAs(object: { from: string; to: string; headers: ObjectHeaders }, signal?: AbortSignal): Promise<void>;
  /** Writes the object's bytes to a file; what was written when it throws is not to be used. */
  downloadFile(object: { key: string; path: string }, signal?: AbortSignal): Promise<void>;
  list(prefix: string, signal?: AbortSignal): Promise<readonly ListedObject[]>;
  remove(keys: readonly string[], signal?: AbortSignal): Promise<void>;
  /** Removes the object while it is the one with this ETag; throws PreconditionFailed otherwise. */
  removeMatching(object: { key: string; etag: string }, signal?: AbortSignal): Promise<void>;
}

/** A source object as HEAD describes it: the bytes every later read is pinned to. */
export interface SourceObject {
  readonly ref: SourceRef;
  /** Without quotes. */
  readonly etag: string;
  readonly sizeBytes: number;
  /** When the object was written (ISO 8601). */
  readonly lastModified: string;
}

/** An object of a source bucket as a listing names it. */
export interface ListedSource extends ListedObject {
  /** Without quotes; changes with the bytes. */
  readonly etag: string;
}

/** The source was overwritten after its HEAD: the upload that did it has an event of its own. Not a failure: this job is stale. */
export class SourceChanged extends Error {
  override readonly name = "SourceChanged";
}

/** Where sources come from. Errors are JobErrors: source_not_found, source_archived, storage_throttled. */
export interface SourceStore {
  head(ref: SourceRef, signal?: AbortSignal): Promise<SourceObject>;
  /** The first thousand objects whose keys begin with `prefix`, by key. */
  list(place: { bucket: string; prefix: string }, signal?: AbortSignal): Promise<readonly ListedSource[]>;
  /** Writes exactly `object`'s bytes to `path`; throws SourceChanged when it was overwritten meanwhile. */
  download(object: SourceObject, path: string, options: { signal: AbortSignal; onBytes?: (bytes: number) => void }): Promise<void>;
}

/** Reads the bytes from `from` up to, not including, `to` of exactly this object. Throws SourceChanged and a source's JobErrors. */
export type ReadRange = (
  object: SourceObject,
  range: { readonly from: number; readonly to: number },
  signal: AbortSignal,
) => Promise<Buffer>;

/** Where an attempt writes, for the one that may follow it. */
export interface Remains {
  readonly revision: string;
  /** Equal plans make objects that fit together. */
  readonly planHash: string;
  /** What the plan was fitted to: it costs an encode to measure. */
  readonly content?: MeasuredContent | undefined;
  /** Frames of the source were found to be damaged on the way to what lies there. */
  readonly isDamaged?: boolean | undefined;
}

/** The job that an attempt asks a service for: by it, whoever comes after finds that job instead of making another. */
export interface RemoteIntent {
  readonly engine: Exclude<EngineName, "ffmpeg">;
  readonly token: string;
  readonly revision: string;
  /** ISO 8601. */
  readonly intendedAt: string;
}

/** What a claim says of services. */
export interface RemoteSide {
  /** What an attempt before this one asked for, or was about to. */
  readonly before?: RemoteIntent;
  /** Engines that failed this source. */
  readonly tried: readonly EngineName[];
  /** Of them: those that refused it, and will every time. */
  readonly refused: readonly EngineName[];
  /** Makes durable what will be asked for. Throws LeaseLostError and the store's JobErrors. */
  intend(wish: Omit<RemoteIntent, "intendedAt">): Promise<RemoteIntent>;
  /** Makes durable which engines failed. Throws LeaseLostError and the store's JobErrors. */
  rule(tried: readonly EngineName[], refused: readonly EngineName[]): Promise<void>;
}

/** A service works at this source since another attempt: this one has nothing to do. Not a failure. */
export class AlreadySubmitted extends Error {
  override readonly name = "AlreadySubmitted";
}

/** The right to be the one attempt at a source. */
export interface Claim {
  /** Aborts with LeaseLostError when another attempt took over or the claim could not be renewed in time, or with the outer signal's reason. */
  readonly signal: AbortSignal;
  /** Throws unless the claim holds by the clock. */
  check(): void;
  /** What the attempt before this one left. */
  readonly left?: Remains;
  /** Absent: the claim outlives no attempt, so that no service can be asked. */
  readonly remote?: RemoteSide;
  /** Nobody will look for what this attempt leaves. */
  readonly isLast?: true;
  /** Makes durable where this attempt writes. Throws LeaseLostError and the store's JobErrors. */
  leave(remains: Remains): Promise<void>;
  /** Gives the claim up, with what came of it; remains are kept for the next attempt unless there is a result. Never rejects. */
  end(outcome: Outcome): Promise<void>;
}

/** What a claim is for. */
export interface ClaimRequest {
  readonly jobId: string;
  readonly messageId: string;
  readonly sourceId: string;
  readonly ladderHash: string;
  readonly assetPath: string;
}

/** Takes the claim. Throws ClaimHeldError while another attempt holds it, AlreadySubmitted while a service works at it, ResourceError resource_limit after too many that crashed. */
export type TakeClaim = (request: ClaimRequest, signal: AbortSignal) => Promise<Claim>;

/** The stages of a job, in order; a metric label. */
export const STAGES = [
  "admit",
  "claim",
  "fetch",
  "probe",
  "plan",
  "key",
  "submit",
  "encode",
  "verify",
  "text",
  "pictures",
  "publish",
] as const;
export type Stage = (typeof STAGES)[number];

/** What asset.json says of a film that others are told of. */
export interface ShownAsset {
  readonly engine: string;
  readonly durationSeconds: number;
  /** As the ladder has it; those of a film are a little off. */
  readonly segmentSeconds: number;
  readonly renditions: readonly { readonly id: string; readonly width?: unknown; readonly height?: unknown }[];
  readonly keys?: Readonly<Record<string, string>>;
}

/** How a job ended; a metric label. */
export const OUTCOMES = ["published", "submitted", "duplicate", "stale", "ignored", "rejected", "released", "failed", "abandoned"] as const;
export type Outcome = (typeof OUTCOMES)[number];
/** How something ended that threw, by what its error asks for. */
export const OUTCOME_OF = { abandon: "abandoned", release: "released", retry: "failed", reject: "rejected" } as const;

/** What a revision holds of what the ladder gives; a metric label. */
export const PUBLISHED_SETS = ["early", "full"] as const;
export type PublishedSet = (typeof PUBLISHED_SETS)[number];

/** Why an engine is the first one that is left: nothing came before it, or what became of the last that did; a metric label. */
export const CHOICE_REASONS = ["first", ...PASSED_OVER_KINDS] as const;
export type ChoiceReason = (typeof CHOICE_REASONS)[number];

/** What the pipeline tells whoever watches: logs, metrics, the status page, a progress bar. */
export type JobEvent =
  | { readonly kind: "started"; readonly jobId: string; readonly sourceKey: string; readonly bucket: string }
  /** An encode that needs so much memory begins when others have ended. */
  | { readonly kind: "waiting"; readonly jobId: string; readonly memoryBytes: number }
  | { readonly kind: "stage-started"; readonly jobId: string; readonly stage: Stage }
  | {
      readonly kind: "stage-ended";
      readonly jobId: string;
      readonly stage: Stage;
      readonly durationSeconds: number;
      readonly code?: ErrorCode;
    }
  | {
      readonly kind: "progress";
      readonly jobId: string;
      readonly stage: Stage;
      readonly fraction: number;
      readonly speed?: number;
      readonly secondsLeft?: number;
    }
  | {
      readonly kind: "engine-chosen";
      readonly jobId: string;
      readonly engine: EngineName;
      readonly reason: string;
      readonly why: ChoiceReason;
    }
  | {
      readonly kind: "engine-ended";
      readonly jobId: string;
      readonly exit: FfmpegExit;
      /** The end of what its programs wrote to stderr, as they wrote it. */
      readonly stderr?: string;
    }
  | { readonly kind: "verification-failed"; readonly jobId: string; readonly check: VerificationCheck }
  /** A copy of the source did not hold; the job goes on without. */
  | { readonly kind: "copy-refused"; readonly jobId: string; readonly code: ErrorCode; readonly reason: string }
  /** Subtitles that came late are not in the published film; `what` is their key, or where they were looked for. */
  | { readonly kind: "text-missed"; readonly jobId: string; readonly what: string; readonly reason: string }
  /** So many segments of every picture come from an attempt before this one. */
  | { readonly kind: "resumed"; readonly jobId: string; readonly segments: number; readonly ofSegments: number }
  | { readonly kind: "transferred"; readonly jobId: string; readonly direction: "in" | "out"; readonly bytes: number }
  | {
      readonly kind: "published";
      readonly jobId: string;
      readonly assetPath: string;
      readonly revision: string;
      readonly set: PublishedSet;
      /** Nothing played at the asset path before. */
      readonly isFirst: boolean;
      /** From the upload's event to now. */
      readonly secondsSinceUpload?: number;
      /** For who tells others of it. */
      readonly job: Job;
      readonly asset: ShownAsset;
    }
  | {
      readonly kind: "ended";
      readonly jobId: string;
      readonly sourceKey: string;
      readonly outcome: Outcome;
      readonly durationSeconds: number;
      readonly assetPath?: string;
      readonly code?: ErrorCode;
      readonly reason?: string;
      /** From the upload's event to now. */
      readonly secondsSinceUpload?: number;
    };

export type ReportEvent = (event: JobEvent) => void;
