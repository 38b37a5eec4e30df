import { Duration, RemovalPolicy } from "aws-cdk-lib";
import * as s3 from "aws-cdk-lib/aws-s3";

/** After these days an upload that nobody completed is gone; the worker's own take minutes. */
export const UNFINISHED_DAYS = 2;

/** What every bucket has: nobody public, TLS 1.2, encryption at rest, no ACLs, kept when the stack goes. */
export const SAFE = {
  blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
  objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
  encryption: s3.BucketEncryption.S3_MANAGED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  removalPolicy: RemovalPolicy.RETAIN,
} as const;

/** The lifecycle of every versioned bucket: unfinished uploads go, and so do versions that were replaced so long ago. */
export const tidied = (noncurrentDays: number): s3.LifecycleRule => ({
  id: "tidy",
  abortIncompleteMultipartUploadAfter: Duration.days(UNFINISHED_DAYS),
  noncurrentVersionExpiration: Duration.days(noncurrentDays),
  expiredObjectDeleteMarker: true,
});

/** Where `ladderd canary` works, in the uploads and in the published bucket. */
export const CANARY_FOLDER = "ladderd-canary/";

/** Ends what `ladderd canary` left: a clip that its deployment did not wait for, and what was published of it. */
export const CANARIES: s3.LifecycleRule = {
  id: "canaries",
  prefix: CANARY_FOLDER,
  expiration: Duration.days(1),
  noncurrentVersionExpiration: Duration.days(1),
};
