import type { EngineName } from "../domain/job.ts";
import type { CircuitSettings } from "../engines/circuit.ts";
import type { MediaConvertSettings } from "../engines/mediaconvert/settings.ts";

/** The log levels of pino, most urgent first, and "silent". */
export const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Whether ffmpeg may run without its sandbox: never; when none can be built; always. */
export const SANDBOX_MODES = ["required", "auto", "off"] as const;
export type SandboxMode = (typeof SANDBOX_MODES)[number];

/** Whether the instance metadata is watched: when this is an EC2 instance; never; always. */
export const INTERRUPTION_MODES = ["auto", "off", "on"] as const;
export type InterruptionMode = (typeof INTERRUPTION_MODES)[number];

/** When the SDK adds checksums to requests: always, or only where the operation demands one. */
export const CHECKSUM_MODES = ["when_supported", "when_required"] as const;
export type ChecksumMode = (typeof CHECKSUM_MODES)[number];

/** What files and environment may set; src/config/schema.ts says what each key means. */
export interface Settings {
  readonly queueUrl?: string;
  readonly eventsQueueUrl?: string;
  readonly uploadBuckets: readonly string[];
  readonly publishBucket?: string;
  /** "" or a folder ending in "/". */
  readonly publishPrefix: string;
  readonly stateBucket?: string;
  readonly region: string;
  readonly engines: readonly EngineName[];
  readonly ladder: string;
  readonly perTitle: boolean;
  readonly assetPathTemplate: string;
  readonly earlyPublish: boolean;
  readonly concurrency: number;
  readonly workDir: string;
  readonly sandbox: SandboxMode;
  readonly logLevel: LogLevel;
  readonly drainSeconds: number;
  readonly killTimeoutSeconds: number;
  readonly interruptions: InterruptionMode;
  readonly imdsUrl: string;
  readonly scaleInProtection: boolean;
  readonly http: { readonly host: string; readonly port: number };
  readonly emf: EmfKeys;
  readonly s3: { readonly forcePathStyle: boolean; readonly checksums: ChecksumMode; readonly bucketOwner?: string | undefined };
  readonly lease: LeaseSettings;
  readonly limits: SourceLimits;
  readonly ffmpeg: FfmpegSettings;
  readonly mediaconvert: MediaConvertKeys;
  readonly elasticTranscoder: ElasticTranscoderKeys;
  readonly circuit: CircuitSettings;
  readonly remote: RemoteKeys;
  readonly notify: NotifyKeys;
  readonly compat: CompatKeys;
  readonly packager: { readonly path: string };
  readonly encode: EncodeSettings;
  readonly disk: DiskSettings;
  /** 0: the worker does not sweep. */
  readonly gc: { readonly everyHours: number };
  /** NAME[:PASSING[:ACTION]]. */
  readonly failpoint?: string;
}

export interface LeaseSettings {
  readonly visibilitySeconds: number;
  readonly extendSeconds: number;
  readonly marginSeconds: number;
}

export interface SourceLimits {
  readonly maxSourceBytes: number;
  readonly maxDurationSeconds: number;
  readonly maxWidth: number;
  readonly maxHeight: number;
  readonly maxPixels: number;
  readonly maxStreams: number;
  readonly maxGapSeconds: number;
}

export interface FfmpegSettings {
  readonly path: string;
  readonly probePath: string;
  readonly minimumVersion: string;
  readonly threads: number;
}

/** How many requests a service takes of us. */
export interface RequestRates {
  readonly submitsPerSecond: number;
  readonly submitBurst: number;
  readonly readsPerSecond: number;
  readonly readBurst: number;
}

/** How jobs at a service are watched. */
export interface RemoteKeys {
  readonly sweepEverySeconds: number;
  readonly pollAfterSeconds: number;
  readonly maximumAgeSeconds: number;
}

export interface MediaConvertKeys extends Omit<MediaConvertSettings, "role">, RequestRates {
  readonly role?: string | undefined;
}

export interface ElasticTranscoderKeys extends RequestRates {
  readonly pipelineId?: string | undefined;
  /** A JSON file. */
  readonly presets?: string | undefined;
}

/** Who is told what becomes of jobs. */
export interface NotifyKeys {
  readonly topicArn?: string | undefined;
  readonly eventBusArn?: string | undefined;
  readonly webhook: {
    readonly url?: string | undefined;
    /** "env:NAME" or "file:/path". */
    readonly secret?: string | undefined;
  };
}

/** Which names and containers HLS has: our own, or those of Elastic Transcoder. */
export const OUTPUT_LAYOUTS = ["ladderd", "elastic-transcoder"] as const;
export type OutputLayout = (typeof OUTPUT_LAYOUTS)[number];

export interface CompatKeys {
  readonly notifications?: string | undefined;
  readonly outputLayout: OutputLayout;
}

/** Metrics for CloudWatch in the log. */
export interface EmfKeys {
  readonly namespace?: string | undefined;
}

export interface EncodeSettings {
  readonly stallSeconds: number;
  readonly deadlineFactor: number;
  readonly deadlineMinimumSeconds: number;
  readonly chunkAboveCores: number;
  readonly chunkSegments: number;
  readonly parallelChunks: number;
}

export interface DiskSettings {
  readonly minimumFreeBytes: number;
  readonly sourceFactor: number;
}

/** The checked settings and what follows from the environment; frozen to the last leaf. */
export interface Config extends Settings {
  /** NODE_ENV: which file of config/ was read over default.json. */
  readonly environment: string;
  /** True when AWS_ENDPOINT_URL or one of its per-service forms is set. */
  readonly endpointOverridden: boolean;
  /** The endpoint override that applies to Auto Scaling. */
  readonly autoScalingEndpoint?: string;
  /** The value of a variable that a ladder's encryption refers to. */
  readonly environmentSecret: (name: string) => string | undefined;
}

/** What the daemon cannot start without. */
export interface DaemonConfig extends Config {
  readonly queueUrl: string;
  readonly publishBucket: string;
  readonly stateBucket: string;
}

/** The process environment, handed in by the entry point. */
export type Environment = Readonly<Record<string, string | undefined>>;
