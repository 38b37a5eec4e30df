/** The engines ladderd can name in a job or in its configured order. */
export const ENGINES = ["elastic-transcoder", "mediaconvert", "ffmpeg"] as const;
export type EngineName = (typeof ENGINES)[number];

/** One object version in S3; `etag` or `versionId` pin the exact bytes once they are known. */
export interface SourceRef {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/** A unit of work: one source to publish. */
export interface Job {
  /** Stable over redeliveries of the same event: a hash of the source reference. */
  readonly id: string;
  readonly source: SourceRef;
  /** The job itself names the version: it is published even when the object has moved on. */
  readonly pinsVersion?: true;
  /** Where to publish; undefined means the configured template over the source key. */
  readonly assetPath?: string;
  readonly ladder?: string;
  /** Ids of Elastic Transcoder's presets, instead of a ladder. */
  readonly presets?: readonly string[];
  /** What Elastic Transcoder called the outputs of these presets. */
  readonly outputKeys?: readonly { readonly preset: string; readonly key: string }[];
  /** A copy of the source was tried and did not hold, whatever the ladder says. */
  readonly copiesNothing?: { /** Damaged frames that the copy brought to light. */ readonly decodeErrors: number };
  readonly engine?: EngineName;
  readonly priority?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  /** When the upload happened (ISO 8601), as the event says; a hint only. */
  readonly eventTime?: string;
}

/** A unit of work: subtitles that join an asset which is published. */
export interface AttachJob {
  readonly id: string;
  /** The file, as it is when the job runs. */
  readonly subtitles: SourceRef;
  /** What the file is and where it goes; undefined means what its key says, if an asset is published for that. */
  readonly as?: TextWish;
  readonly eventTime?: string;
}

/** What somebody who attaches subtitles says of them. */
export interface TextWish {
  /** Below the configured publish prefix. */
  readonly assetPath: string;
  /** BCP 47. */
  readonly language: string;
  /** What a player's menu shows; its language when undefined. */
  readonly name?: string;
  readonly forced: boolean;
}

/** What a message may ask for. */
export type WorkerJob = Job | AttachJob;

/** The shapes a message body can have; a metric label. */
export const MESSAGE_SHAPES = ["s3", "s3-sns", "s3-eventbridge", "s3-test", "job", "unknown"] as const;
export type MessageShape = (typeof MESSAGE_SHAPES)[number];
