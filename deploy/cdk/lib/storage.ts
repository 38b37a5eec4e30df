import { Duration } from "aws-cdk-lib";
import * as s3 from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";

import { acknowledge } from "./acknowledge.ts";
import { CANARIES, SAFE, tidied, UNFINISHED_DAYS } from "./bucket-rules.ts";
import type { Names } from "./names.ts";
import { queueArn } from "./names.ts";
import { acknowledgeCopies, copied } from "./recovery.ts";
import type { Settings } from "./settings.ts";

/** The buckets of a deployment. */
export interface Storage {
  readonly uploads: s3.Bucket;
  readonly published: s3.Bucket;
  readonly state: s3.Bucket;
  readonly artifacts: s3.Bucket;
  readonly accessLogs: s3.Bucket;
}

interface StorageProps {
  readonly settings: Settings;
  readonly names: Names;
}

/** Records of claims that ended matter for a month at most (`ladderd gc`). */
const CLAIM_DAYS = 35;
/** A claim is written anew every minute of its job: its former versions are of use for a look back, no longer. */
const STATE_NONCURRENT_DAYS = 7;
const ARTIFACT_NONCURRENT_DAYS = 30;

/** Creates the upload, publish and state buckets, and those for releases and access logs. */
export function createStorage(scope: Construct, { settings, names }: StorageProps): Storage {
  const accessLogs = createAccessLogs(scope, names.accessLogs, settings.logs.accessDays);
  const bucket = (id: string, props: s3.BucketProps): s3.Bucket =>
    new s3.Bucket(scope, id, {
      ...SAFE,
      versioned: true,
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: `s3/${id.toLowerCase()}/`,
      ...props,
    });
  const isCopied = settings.recovery.replicaRegion !== undefined;
  const kept = (kind: "uploads" | "published" | "state", id: string, props: s3.BucketProps): s3.Bucket => {
    const copy = names.replicaOf(kind);
    const made = bucket(id, { bucketName: names[kind], ...props, ...(isCopied ? copied(scope, kind, copy) : {}) });
    if (isCopied) acknowledgeCopies(made, copy);
    return made;
  };
  return {
    accessLogs,
    uploads: kept("uploads", "Uploads", uploadProps(settings.uploads)),
    published: kept("published", "Published", publishedProps(settings)),
    state: kept("state", "State", {
      lifecycleRules: [tidied(STATE_NONCURRENT_DAYS), { id: "claims", prefix: "claims/", expiration: Duration.days(CLAIM_DAYS) }],
    }),
    // Releases never expire: CodeDeploy installs the last good one on every new instance, however old it is.
    artifacts: bucket("Artifacts", { bucketName: names.artifacts, lifecycleRules: [tidied(ARTIFACT_NONCURRENT_DAYS)] }),
  };
}

function uploadProps({ browserOrigins, expireDays, noncurrentDays }: Settings["uploads"]): s3.BucketProps {
  return {
    lifecycleRules: [
      // Storage that becomes cheaper by itself and answers at once: an archived source would be rejected (source_archived).
      {
        ...tidied(noncurrentDays),
        transitions: [{ storageClass: s3.StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(0) }],
      },
      CANARIES,
      ...(expireDays === undefined ? [] : [{ id: "expire", expiration: Duration.days(expireDays) }]),
    ],
    cors: browserOrigins.length === 0 ? [] : [uploadCors(browserOrigins)],
  };
}

const uploadCors = (allowedOrigins: string[]): s3.CorsRule => ({
  allowedMethods: [s3.HttpMethods.PUT, s3.HttpMethods.POST],
  allowedOrigins,
  allowedHeaders: ["*"],
  exposedHeaders: ["ETag"],
  maxAge: 3600,
});

const publishedProps = ({ published, delivery }: Settings): s3.BucketProps => ({
  // No rule expires a current object but canaries: the revision that plays lives under r/ for as long as it is published.
  // `ladderd gc` deletes what nothing names any more, and this rule then ends the deleted versions.
  lifecycleRules: [tidied(published.noncurrentDays), CANARIES],
  cors: [
    {
      allowedMethods: [s3.HttpMethods.GET, s3.HttpMethods.HEAD],
      allowedOrigins: delivery.playerOrigins,
      allowedHeaders: ["Range", "If-None-Match", "If-Modified-Since"],
      exposedHeaders: ["Content-Length", "Content-Range", "ETag"],
      maxAge: 86_400,
    },
  ],
});

function createAccessLogs(scope: Construct, bucketName: string, keepDays: number): s3.Bucket {
  const logs = new s3.Bucket(scope, "AccessLogs", {
    ...SAFE,
    bucketName,
    // CloudFront delivers its standard logs by ACL.
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
    lifecycleRules: [
      { id: "expire", expiration: Duration.days(keepDays), abortIncompleteMultipartUploadAfter: Duration.days(UNFINISHED_DAYS) },
    ],
  });
  acknowledge(logs, "AwsSolutions-S1", "A bucket of access logs that logged its own accesses would grow by itself.");
  return logs;
}

interface Notifications {
  readonly names: Names;
  /** The queue's policy: S3 tries the queue when it is named. */
  readonly after: Construct;
  /** AWS Backup follows a bucket by EventBridge, and would turn it on behind the template's back. */
  readonly isBackedUp: boolean;
}

/** Sends every new upload to the job queue. Written on the resource itself: the library's way would bring a Lambda function along. */
export function notifyOfObjects({ uploads, state }: Storage, { names, after, isBackedUp }: Notifications): void {
  const watched = isBackedUp ? { eventBridgeConfiguration: { eventBridgeEnabled: true } } : {};
  const resource = resourceOf(uploads);
  resource.notificationConfiguration = {
    queueConfigurations: [{ event: "s3:ObjectCreated:*", queue: queueArn(names.jobs) }],
    ...watched,
  };
  resource.node.addDependency(after);
  if (isBackedUp) resourceOf(state).notificationConfiguration = watched;
}

function resourceOf(bucket: s3.Bucket): s3.CfnBucket {
  const resource = bucket.node.defaultChild;
  if (!(resource instanceof s3.CfnBucket)) throw new Error("a bucket without a resource");
  return resource;
}
