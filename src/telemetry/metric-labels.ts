/** How an extension of a lease ended. */
export const EXTENSION_RESULTS = ["ok", "failed", "lost"] as const;
export type ExtensionResult = (typeof EXTENSION_RESULTS)[number];

/** Why a receive failed. */
export const POLL_ERRORS = ["network", "throttled", "denied", "queue_missing", "other"] as const;
export type PollError = (typeof POLL_ERRORS)[number];

/** What came of moving the pointer. */
export const PUBLISH_RESULTS = ["committed", "already", "stale", "conflict"] as const;
export type PublishResult = (typeof PUBLISH_RESULTS)[number];

/** What the receive loops do at this moment. */
export const CONSUMER_STATES = ["starting", "polling", "backoff", "paused", "draining", "stopped"] as const;
export type ConsumerState = (typeof CONSUMER_STATES)[number];

/** Who asked the worker to stop. */
export const INTERRUPTIONS = ["spot", "rebalance", "asg", "signal"] as const;
export type Interruption = (typeof INTERRUPTIONS)[number];

/** The AWS calls that the worker makes; "other" is one that this list forgot. */
export const AWS_OPERATIONS = {
  s3: [
    ...["HeadObject", "GetObject", "PutObject", "CopyObject", "DeleteObject", "DeleteObjects", "ListObjectsV2"],
    ...["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload", "other"],
  ],
  sqs: ["ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "SendMessage", "GetQueueAttributes", "GetQueueUrl", "other"],
  mediaconvert: ["CreateJob", "GetJob", "CancelJob", "SearchJobs", "GetQueue", "other"],
  elastictranscoder: ["CreateJob", "ReadJob", "CancelJob", "ListJobsByPipeline", "ReadPipeline", "other"],
} as const;
export const AWS_SERVICES = ["s3", "sqs", "mediaconvert", "elastictranscoder"] as const satisfies readonly (keyof typeof AWS_OPERATIONS)[];

/** A request to AWS that ended: served, refused by its status (4xx), failed there (5xx), cancelled by us, or without an answer. */
export interface AwsRequest {
  readonly service: (typeof AWS_SERVICES)[number];
  /** The SDK's name: GetObject. */
  readonly operation: string;
  readonly result: "ok" | "refused" | "failed" | "cancelled" | "no_answer";
}

/** Which way bytes went between us and S3. */
export const DIRECTIONS = ["in", "out"] as const;

/** The queues whose messages are counted, and what a message on them is doing: it waits, or somebody holds it. */
export const QUEUES = ["jobs", "dead_letters"] as const;
export type CountedQueue = (typeof QUEUES)[number];
export const MESSAGE_STATES = ["visible", "hidden"] as const;
