import { describe, expect, it } from "vitest";

import { defaults, everything, resourcesOf, statementsOf, templatesOf, theResource } from "./templates.ts";

const standard = templatesOf(defaults);
const full = templatesOf(everything);
const buckets = resourcesOf(standard("data"), "AWS::S3::Bucket");
const copies = resourcesOf(full("copies"), "AWS::S3::Bucket");
const ofPolicy = (bucket: string) => {
  const policies = resourcesOf(standard("data"), "AWS::S3::BucketPolicy").filter(
    ({ Properties }) => Properties["Bucket"] === `<${bucket}>`,
  );
  return policies.flatMap(({ Properties }) => statementsOf(Properties["PolicyDocument"]));
};
const rulesOf = (bucket: ReturnType<typeof theResource>): unknown => bucket.Properties["LifecycleConfiguration"];
const uploads = theResource(standard("data"), "AWS::S3::Bucket", "Uploads");
const published = theResource(standard("data"), "AWS::S3::Bucket", "Published");
const state = theResource(standard("data"), "AWS::S3::Bucket", "State");
const artifacts = theResource(standard("data"), "AWS::S3::Bucket", "Artifacts");
const TIDY = {
  Id: "tidy",
  Status: "Enabled",
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
  ExpiredObjectDeleteMarker: true,
};
const CANARIES = {
  Id: "canaries",
  Prefix: "ladderd-canary/",
  Status: "Enabled",
  ExpirationInDays: 1,
  NoncurrentVersionExpiration: { NoncurrentDays: 1 },
};

describe.each([...buckets, ...copies].map((bucket) => [bucket.id, bucket] as const))("the bucket %s", (_id, bucket) => {
  it("is nobody's but ours: no public access, encrypted at rest, kept when its stack goes", () => {
    expect(bucket.Properties).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }] },
    });
    expect(bucket).toMatchObject({ DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
  });

  it("ends uploads that nobody completes", () => {
    expect(rulesOf(bucket)).toMatchObject({
      Rules: expect.arrayContaining([expect.objectContaining({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 } })]),
    });
  });

  it("has the account and the region in its name", () => {
    expect(bucket.Properties["BucketName"]).toMatch(/-<AWS::AccountId>-(?:us-east-1|eu-west-1)$/);
  });
});

describe("buckets", () => {
  it.each(buckets.map(({ id }) => id))("%s refuses what does not come by TLS 1.2", (id) => {
    const denied = ofPolicy(id).filter(({ Effect }) => Effect === "Deny");
    expect(denied.map(({ Condition }) => Condition)).toEqual(
      expect.arrayContaining([{ Bool: { "aws:SecureTransport": "false" } }, { NumericLessThan: { "s3:TlsVersion": 1.2 } }]),
    );
  });

  it("keep versions and log accesses, but for the bucket of the logs", () => {
    const others = buckets.filter(({ id }) => !id.startsWith("AccessLogs"));
    expect(others).toHaveLength(4);
    for (const { Properties } of others) {
      expect(Properties).toMatchObject({
        VersioningConfiguration: { Status: "Enabled" },
        LoggingConfiguration: { DestinationBucketName: expect.stringMatching(/^<AccessLogs/) },
        OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
      });
    }
  });
});

describe("the uploads bucket", () => {
  it("tells the job queue of every new object, once the queue takes it", () => {
    expect(uploads.Properties["NotificationConfiguration"]).toEqual({
      QueueConfigurations: [{ Event: "s3:ObjectCreated:*", Queue: "arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:ladderd-jobs" }],
    });
    expect(uploads["DependsOn"]).toEqual([expect.stringMatching(/^JobsPolicy/)]);
  });

  it("lets sources become cheaper without an archive, in which a worker could not read them", () => {
    expect(rulesOf(uploads)).toEqual({
      Rules: [
        {
          ...TIDY,
          NoncurrentVersionExpiration: { NoncurrentDays: 30 },
          Transitions: [{ StorageClass: "INTELLIGENT_TIERING", TransitionInDays: 0 }],
        },
        CANARIES,
      ],
    });
    expect(uploads.Properties).not.toHaveProperty("IntelligentTieringConfigurations");
  });

  it("expires sources and takes browsers' uploads where the settings say so", () => {
    const bucket = theResource(full("data"), "AWS::S3::Bucket", "Uploads");
    expect(rulesOf(bucket)).toMatchObject({ Rules: expect.arrayContaining([{ Id: "expire", Status: "Enabled", ExpirationInDays: 365 }]) });
    expect(bucket.Properties["CorsConfiguration"]).toMatchObject({
      CorsRules: [{ AllowedMethods: ["PUT", "POST"], AllowedOrigins: ["https://upload.example"] }],
    });
    expect(uploads.Properties).not.toHaveProperty("CorsConfiguration");
  });
});

describe("the published bucket", () => {
  it("has no rule that expires what plays: only former versions, unfinished uploads and canaries go", () => {
    expect(rulesOf(published)).toEqual({ Rules: [{ ...TIDY, NoncurrentVersionExpiration: { NoncurrentDays: 14 } }, CANARIES] });
  });

  it("answers players of other origins", () => {
    expect(published.Properties["CorsConfiguration"]).toMatchObject({
      CorsRules: [{ AllowedMethods: ["GET", "HEAD"], AllowedOrigins: ["*"], AllowedHeaders: expect.arrayContaining(["Range"]) }],
    });
  });

  it("is read by its distribution and by nobody else", () => {
    const allowed = ofPolicy(published.id).filter(({ Effect }) => Effect === "Allow");
    expect(allowed).toEqual([
      expect.objectContaining({
        Action: ["s3:GetObject"],
        Principal: { Service: "cloudfront.amazonaws.com" },
        Condition: {
          StringEquals: { "AWS:SourceArn": expect.stringMatching(/:cloudfront::<AWS::AccountId>:distribution\/<Distribution/) },
        },
      }),
    ]);
  });
});

describe("records and releases", () => {
  it("lets claims go after a month, and failures and jobs never by age", () => {
    expect(rulesOf(state)).toEqual({
      Rules: [
        { ...TIDY, NoncurrentVersionExpiration: { NoncurrentDays: 7 } },
        { Id: "claims", Prefix: "claims/", Status: "Enabled", ExpirationInDays: 35 },
      ],
    });
  });

  it("keeps releases: the last good one is installed on every new instance", () => {
    expect(rulesOf(artifacts)).toEqual({ Rules: [{ ...TIDY, NoncurrentVersionExpiration: { NoncurrentDays: 30 } }] });
  });
});

describe("disaster recovery", () => {
  it("is an option: without it there is no copy, no role for one and no vault", () => {
    expect(buckets.every(({ Properties }) => !("ReplicationConfiguration" in Properties))).toBe(true);
    standard("data").resourceCountIs("AWS::Backup::BackupVault", 0);
    expect(() => standard("copies")).toThrow("there is no stack copies");
  });

  it.each(["Uploads", "Published", "State"])("copies new objects and deletions of %s to the other region", (id) => {
    expect(theResource(full("data"), "AWS::S3::Bucket", id).Properties["ReplicationConfiguration"]).toMatchObject({
      Rules: [
        {
          Status: "Enabled",
          DeleteMarkerReplication: { Status: "Enabled" },
          Destination: { Bucket: `arn:aws:s3:::studio-${id.toLowerCase()}-copy-<AWS::AccountId>-eu-west-1`, StorageClass: "STANDARD_IA" },
        },
      ],
    });
    expect(copies.map(({ Properties }) => Properties["BucketName"])).toContain(
      `studio-${id.toLowerCase()}-copy-<AWS::AccountId>-eu-west-1`,
    );
  });

  it("ends canaries in the copies, too: what a rule ends in the original stays in its copy", () => {
    for (const copy of copies) expect(rulesOf(copy)).toMatchObject({ Rules: expect.arrayContaining([CANARIES]) });
  });

  it("keeps versions of the copies, without which S3 copies nothing", () => {
    expect(copies).toHaveLength(3);
    expect(copies.map(({ Properties }) => Properties["VersioningConfiguration"])).toEqual(
      Array.from({ length: 3 }, () => ({ Status: "Enabled" })),
    );
  });

  it("backs sources and records up every day, for as long as the settings say, in a vault that deletes nothing", () => {
    expect(theResource(full("data"), "AWS::Backup::BackupPlan", "Backup").Properties["BackupPlan"]).toMatchObject({
      BackupPlanRule: [{ ScheduleExpression: "cron(20 3 * * ? *)", Lifecycle: { DeleteAfterDays: 35 } }],
    });
    expect(theResource(full("data"), "AWS::Backup::BackupSelection", "Backup").Properties["BackupSelection"]).toMatchObject({
      Resources: [expect.stringMatching(/^<Uploads.*\.Arn>$/), expect.stringMatching(/^<State.*\.Arn>$/)],
    });
    const vault = theResource(full("data"), "AWS::Backup::BackupVault", "Vault");
    expect(JSON.stringify(vault.Properties["AccessPolicy"])).toContain("backup:DeleteRecoveryPoint");
    expect(vault["DeletionPolicy"]).toBe("Retain");
  });

  it("turns on what AWS Backup would turn on behind the template's back, and keeps the notifications", () => {
    expect(theResource(full("data"), "AWS::S3::Bucket", "Uploads").Properties["NotificationConfiguration"]).toMatchObject({
      EventBridgeConfiguration: { EventBridgeEnabled: true },
      QueueConfigurations: [{ Event: "s3:ObjectCreated:*" }],
    });
  });
});
