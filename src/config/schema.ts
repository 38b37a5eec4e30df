import { tmpdir } from "node:os";
import { join } from "node:path";

import type convict from "convict";

import type { Settings } from "./config.ts";
import { CHECKSUM_MODES, INTERRUPTION_MODES, LOG_LEVELS, SANDBOX_MODES } from "./config.ts";
import { circuit, elasticTranscoder, mediaconvert, remote } from "./schema-engines.ts";
import { encode, ffmpeg, limits } from "./schema-media.ts";
import { compat, emf, notify } from "./schema-notify.ts";

/** Every key with its meaning, format, environment variable and default. The README's table repeats it; a test compares them. */
export const schema: convict.Schema<Settings> = {
  queueUrl: {
    doc: "URL of the SQS queue that jobs come from; `start` needs it",
    format: "url",
    env: "LADDERD_QUEUE_URL",
    default: undefined,
  },
  eventsQueueUrl: {
    doc: "URL of the SQS queue that managed engines' events come from",
    format: "url",
    env: "LADDERD_EVENTS_QUEUE_URL",
    default: undefined,
  },
  uploadBuckets: {
    doc: "buckets that sources may come from (the allow-list; comma-separated); `start` needs at least one",
    format: "buckets",
    env: "LADDERD_UPLOAD_BUCKETS",
    default: [],
  },
  publishBucket: {
    doc: "bucket that streams are published to; `start` needs it",
    format: "bucket",
    env: "LADDERD_PUBLISH_BUCKET",
    default: undefined,
  },
  publishPrefix: {
    doc: "folder of the publish bucket that every asset path is put under",
    format: "prefix",
    env: "LADDERD_PUBLISH_PREFIX",
    default: "",
  },
  stateBucket: {
    doc: "bucket for failure records; `start` needs it",
    format: "bucket",
    env: "LADDERD_STATE_BUCKET",
    default: undefined,
  },
  region: { doc: "AWS region of the queue and the buckets", format: "text", env: "AWS_REGION", default: "us-east-1" },
  engines: {
    doc: "engines in the order they are tried (comma-separated): elastic-transcoder, mediaconvert, ffmpeg",
    format: "engines",
    env: "LADDERD_ENGINES",
    default: ["ffmpeg"],
  },
  ladder: { doc: "ladder of jobs that name none: a file of config/ladders", format: "text", env: "LADDERD_LADDER", default: "h264" },
  perTitle: {
    doc: "measure the content first and give each source the rungs and caps it needs; false takes every ladder as it is written",
    format: "flag",
    env: "LADDERD_PER_TITLE",
    default: true,
  },
  assetPathTemplate: {
    doc: "where a source is published, from its key",
    format: "template",
    env: "LADDERD_ASSET_PATH_TEMPLATE",
    default: "{key without extension}",
  },
  earlyPublish: {
    doc: "publish the smallest renditions of a long source as soon as they are whole, and all of them as the next revision",
    format: "flag",
    env: "LADDERD_EARLY_PUBLISH",
    default: false,
  },
  concurrency: {
    doc: "jobs at a time, and beside them as many that a managed engine did and are published; one ffmpeg fills about four cores",
    format: "whole-number",
    minimum: 1,
    maximum: 64,
    env: "LADDERD_CONCURRENCY",
    default: 1,
  },
  workDir: {
    doc: "folder for sources and renditions while a job runs; the default is below the system's temporary folder",
    format: "text",
    env: "LADDERD_WORK_DIR",
    default: join(tmpdir(), "ladderd"),
  },
  sandbox: {
    doc: "ffmpeg's sandbox, by bubblewrap: required (no start without), auto (when it can be built) or off",
    format: [...SANDBOX_MODES],
    env: "LADDERD_SANDBOX",
    default: "required",
  },
  logLevel: { doc: "least urgent level that is logged", format: [...LOG_LEVELS], env: "LADDERD_LOG_LEVEL", default: "info" },
  drainSeconds: {
    doc: "time that running jobs get to finish after the first stop signal",
    format: "whole-number",
    env: "LADDERD_DRAIN_SECONDS",
    default: 600,
  },
  killTimeoutSeconds: {
    doc: "when the process manager kills what has not stopped; PM2's kill_timeout is set from it",
    format: "whole-number",
    minimum: 1,
    env: "LADDERD_KILL_TIMEOUT_SECONDS",
    default: 630,
  },
  interruptions: {
    doc: "watch the instance metadata for Spot, rebalance and Auto Scaling notices: auto (on an EC2 instance), off or on",
    format: [...INTERRUPTION_MODES],
    env: "LADDERD_INTERRUPTIONS",
    default: "auto",
  },
  imdsUrl: {
    doc: "the instance metadata service",
    format: "url",
    env: "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    default: "http://169.254.169.254",
  },
  scaleInProtection: {
    doc: "protect this instance from scale-in while a job runs; for one worker an instance",
    format: "flag",
    env: "LADDERD_SCALE_IN_PROTECTION",
    default: false,
  },
  http: {
    host: { doc: "address of health, metrics and status page", format: "text", env: "LADDERD_HTTP_HOST", default: "127.0.0.1" },
    port: {
      doc: "their port; 0 takes any free one",
      format: "whole-number",
      maximum: 65_535,
      env: "LADDERD_HTTP_PORT",
      default: 9464,
    },
  },
  emf,
  s3: {
    forcePathStyle: {
      doc: "put bucket names into the path instead of the host name (emulators)",
      format: "flag",
      env: "LADDERD_S3_FORCE_PATH_STYLE",
      default: false,
    },
    checksums: {
      doc: "when requests carry checksums: when_supported or when_required (emulators)",
      format: [...CHECKSUM_MODES],
      env: "LADDERD_S3_CHECKSUMS",
      default: "when_supported",
    },
    bucketOwner: {
      doc: "AWS account that every bucket must belong to; S3 denies a bucket that changed hands",
      format: "account",
      env: "LADDERD_S3_BUCKET_OWNER",
      default: undefined,
    },
  },
  lease: {
    // SQS: at most 43,200 s from the receive, whatever is asked for later.
    visibilitySeconds: {
      doc: "how long a message stays hidden after each extension",
      format: "whole-number",
      minimum: 1,
      env: "LADDERD_LEASE_VISIBILITY_SECONDS",
      default: 300,
    },
    extendSeconds: {
      doc: "time between two extensions",
      format: "number",
      minimum: 0.1,
      env: "LADDERD_LEASE_EXTEND_SECONDS",
      default: 60,
    },
    marginSeconds: {
      doc: "a job stops itself this long before its message becomes visible again",
      format: "number",
      env: "LADDERD_LEASE_MARGIN_SECONDS",
      default: 60,
    },
  },
  limits,
  ffmpeg,
  mediaconvert,
  elasticTranscoder,
  circuit,
  remote,
  notify,
  compat,
  packager: {
    path: {
      doc: "the packager program; empty takes the binary of the shaka-packager package",
      format: String,
      env: "LADDERD_PACKAGER_PATH",
      default: "",
    },
  },
  encode,
  disk: {
    minimumFreeBytes: {
      doc: "below this free space of the work folder no job is received",
      format: "whole-number",
      env: "LADDERD_DISK_MINIMUM_FREE_BYTES",
      default: 1_073_741_824,
    },
    sourceFactor: {
      doc: "space a job needs for its source, as a multiple of the source's size",
      format: "number",
      minimum: 1,
      env: "LADDERD_DISK_SOURCE_FACTOR",
      default: 1.5,
    },
  },
  gc: {
    // With the age of 24 h that a sweep asks for: gone within 48 h (R-P9).
    everyHours: {
      doc: "the worker runs `ladderd gc` itself every so many hours, 24 at most; 0 leaves it to you",
      format: "whole-number",
      maximum: 24,
      env: "LADDERD_GC_EVERY_HOURS",
      default: 0,
    },
  },
  failpoint: {
    doc: "for tests: kill, term or stop the worker itself at a named point, as NAME:PASSING:ACTION; refused in production",
    format: "failpoint",
    env: "FAILPOINT",
    default: undefined,
  },
};
