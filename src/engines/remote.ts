import type { EncodePlan } from "../domain/encode-plan.ts";
import { EngineError } from "../domain/errors.ts";
import type { EngineName } from "../domain/job.ts";
import type { FailureClass } from "./failure-class.ts";
import type { RemoteState } from "./remote-state.ts";

/** An engine that is a service: it reads the source from S3 and writes below the revision there. */
export type RemoteEngineName = Exclude<EngineName, "ffmpeg">;

interface RemoteErrorDetails {
  readonly engine: RemoteEngineName;
  readonly failureClass: FailureClass;
  /** The service may have done what it was asked although it did not say so: look before asking again. */
  readonly unclear?: boolean;
  readonly cause?: unknown;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** A service refused, or did not answer; `failureClass` says what the circuit is to make of it. */
export class RemoteEngineError extends EngineError {
  readonly engine: RemoteEngineName;
  readonly failureClass: FailureClass;
  readonly unclear: boolean;
  constructor(message: string, { engine, failureClass, unclear = false, cause, facts }: RemoteErrorDetails) {
    super(failureClass === "source" ? "engine_rejected" : "engine_unavailable", message, {
      ...(cause === undefined ? {} : { cause }),
      facts: { engine, failureClass, unclear, ...facts },
    });
    this.engine = engine;
    this.failureClass = failureClass;
    this.unclear = unclear;
  }
}

/** Why an engine cannot do a plan; a metric label. */
export const UNSUPPORTED_KINDS = [
  "audio_layout",
  "audio_only",
  "audio_tracks",
  "bucket",
  "chunk",
  "codec",
  "destination",
  "encryption",
  "hdr",
  "loudness",
  "mirrored",
  "pass_through",
  "preset",
  "segment_grid",
  "size",
  "text",
  "version",
  "video_tracks",
] as const;
export type UnsupportedKind = (typeof UNSUPPORTED_KINDS)[number];

/** One thing about a plan that an engine cannot do; the next engine is asked. */
export interface Unsupported {
  readonly kind: UnsupportedKind;
  /** For people: the job's record and the log. */
  readonly reason: string;
}

export interface RemoteSource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  /** Only this version will do. Neither service can be told a version: they read what is current. */
  readonly pinsVersion?: true;
}

/** What makes one submit findable again when its answer was lost. */
export interface RemoteSought {
  /** Claim and attempt: one of them never has two remote jobs. */
  readonly token: string;
  readonly source: RemoteSource;
  /** When the intent was recorded; jobs made long before are not looked at. */
  readonly notBefore: Date;
}

/** One job for a service. */
export interface RemoteRequest extends RemoteSought {
  readonly plan: EncodePlan;
  readonly destination: {
    readonly bucket: string;
    /** `<assetPath>/r/<revision>/`, with its slash. */
    readonly prefix: string;
  };
  /** The user's own; travels with the job as far as the service's limits allow. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * A managed engine. Every method rejects with the signal's reason after an abort, else with RemoteEngineError:
 * engine_unavailable (a retry, or the next engine) or engine_rejected (class source: not this job on this engine).
 */
export interface RemoteEngine {
  readonly name: RemoteEngineName;
  /** Asks for the pipeline or queue: resolves when it answers and takes jobs. */
  check(signal: AbortSignal): Promise<void>;
  /** What of this request the engine cannot do; empty when it can. Asks nobody. */
  unsupported(request: RemoteRequest): readonly Unsupported[];
  /** Makes the job; resolves to the service's id of it. An error that is `unclear` may have made it all the same. */
  submit(request: RemoteRequest, signal: AbortSignal): Promise<string>;
  /** The id of the job that an earlier submit with this token made; undefined when there is none. */
  find(sought: RemoteSought, signal: AbortSignal): Promise<string | undefined>;
  /** How the job stands. */
  read(id: string, signal: AbortSignal): Promise<RemoteState>;
  /** Ends the job if it has not ended; one that cannot be ended any more is no error. */
  cancel(id: string, signal: AbortSignal): Promise<void>;
  /** Ends its connections. */
  close(): void;
}
