import { Duration, Stack } from "aws-cdk-lib";
import * as backup from "aws-cdk-lib/aws-backup";
import * as events from "aws-cdk-lib/aws-events";
import * as iam from "aws-cdk-lib/aws-iam";
import * as s3 from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";

import { acknowledge, acknowledgeWildcards, resourceFinding } from "./acknowledge.ts";
import { CANARIES, SAFE, tidied } from "./bucket-rules.ts";
import type { Names } from "./names.ts";
import type { Settings } from "./settings.ts";
import type { Storage } from "./storage.ts";

const STATE_COPY_DAYS = 7;

/** Creates the buckets that hold copies, in the region of the replica. They must be there before the originals copy to them. */
export function createReplicas(scope: Construct, names: Names, settings: Pick<Settings, "uploads" | "published">): void {
  const kinds = [
    ["uploads", settings.uploads.noncurrentDays],
    ["published", settings.published.noncurrentDays],
    ["state", STATE_COPY_DAYS],
  ] as const;
  for (const [kind, noncurrentDays] of kinds) {
    const bucketName = names.replicaOf(kind);
    // What a lifecycle rule ends in the original is not ended in its copy.
    const lifecycleRules = [tidied(noncurrentDays), CANARIES];
    const bucket = new s3.Bucket(scope, `Copy-${kind}`, { ...SAFE, bucketName, versioned: true, lifecycleRules });
    acknowledge(bucket, "AwsSolutions-S1", "A copy that nobody reads until the other region is gone.");
  }
}

/** What makes a bucket copy every new object. Delete markers follow: the copy is what is published, not all that ever was. */
export function copied(scope: Construct, kind: string, copy: string): Pick<s3.BucketProps, "replicationRules"> {
  const destination = s3.Bucket.fromBucketName(scope, `CopyOf-${kind}`, copy);
  const storageClass = s3.StorageClass.INFREQUENT_ACCESS;
  return { replicationRules: [{ id: "copy", destination, deleteMarkerReplication: true, priority: 1, storageClass }] };
}

/** The library's role for replication reads every object of the one bucket and writes to the other. */
export function acknowledgeCopies(bucket: s3.Bucket, copy: string): void {
  const stack = Stack.of(bucket);
  const original = bucket.node.defaultChild;
  const id = original instanceof s3.CfnBucket ? stack.getLogicalId(original) : "";
  acknowledgeWildcards(bucket, "Replication copies every object of this bucket to its copy, and does nothing else.", [
    `Resource::<${id}.Arn>/*`,
    resourceFinding(`arn:${stack.partition}:s3:::${copy}/*`),
  ]);
}

interface BackupProps {
  readonly name: string;
  readonly keepDays: number;
}

/** Backs the sources and the records up every day: what replication would copy as a deletion is still there. */
export function createBackup(scope: Construct, { uploads, state }: Storage, { name, keepDays }: BackupProps): void {
  const plan = new backup.BackupPlan(scope, "Backup", {
    backupPlanName: name,
    backupVault: new backup.BackupVault(scope, "Vault", { backupVaultName: name, blockRecoveryPointDeletion: true }),
    backupPlanRules: [
      new backup.BackupPlanRule({
        ruleName: "daily",
        scheduleExpression: events.Schedule.cron({ hour: "3", minute: "20" }),
        deleteAfter: Duration.days(keepDays),
      }),
    ],
  });
  plan.addSelection("Buckets", {
    role: backupRole(scope),
    resources: [uploads, state].map(({ bucketArn }) => backup.BackupResource.fromArn(bucketArn)),
  });
}

const MANAGED = ["service-role/AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForS3Backup"] as const;

function backupRole(scope: Construct): iam.Role {
  const role = new iam.Role(scope, "BackupRole", {
    description: "Lets AWS Backup read the buckets of ladderd",
    // AWS Backup's pages show its role without a condition on the account.
    assumedBy: new iam.ServicePrincipal("backup.amazonaws.com"),
    managedPolicies: MANAGED.map((policy) => iam.ManagedPolicy.fromAwsManagedPolicyName(policy)),
  });
  for (const policy of MANAGED)
    acknowledge(
      role,
      `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]`,
      "AWS keeps these in step with what AWS Backup does to S3 buckets.",
    );
  return role;
}
