import { describe, expect, it } from "vitest";

import { SCHEMA_KEYS } from "../../../src/config/environment.ts";
import { pointerHeaders } from "../../../src/publish/headers.ts";
import { defaults, everything, expectResource, resourcesOf, statementsOf, templatesOf, theResource } from "./templates.ts";

const standard = templatesOf(defaults)("data");
const full = templatesOf(everything)("data");
const elsewhere = templatesOf({
  ...everything,
  region: "eu-central-1",
  delivery: { ...everything.delivery, domain: undefined, firewall: { kind: "none" } },
});
const queueOf = (id: string) => theResource(standard, "AWS::SQS::Queue", id).Properties;
const senders = (template: typeof standard, id: string) =>
  resourcesOf(template, "AWS::SQS::QueuePolicy")
    .filter(({ id: policy }) => policy.startsWith(id))
    .flatMap(({ Properties }) => statementsOf(Properties["PolicyDocument"]))
    .filter(({ Effect }) => Effect === "Allow");
const defaultOf = (key: string): unknown => SCHEMA_KEYS.find((entry) => entry.key === key)?.fallback;
const arnOf = (queue: string): string => `arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:${queue}`;

describe("the job queue", () => {
  it("is polled for 20 s and hides a message for as long as the worker's first lease", () => {
    expect(queueOf("Jobs")).toMatchObject({ ReceiveMessageWaitTimeSeconds: 20, VisibilityTimeout: defaultOf("lease.visibilitySeconds") });
  });

  it("gives a message up after 20 receives, since deploys and Spot notices are receives, too", () => {
    expect(queueOf("Jobs")["RedrivePolicy"]).toEqual({
      deadLetterTargetArn: expect.stringMatching(/^<DeadJobs.*\.Arn>$/),
      maxReceiveCount: 20,
    });
  });

  it("takes messages from the uploads bucket of this account and from no other service", () => {
    expect(senders(standard, "Jobs")).toEqual([
      {
        Effect: "Allow",
        Action: ["sqs:SendMessage"],
        Resource: [expect.stringMatching(/^<Jobs/)],
        Principal: { Service: "s3.amazonaws.com" },
        Condition: {
          ArnEquals: { "aws:SourceArn": "arn:<AWS::Partition>:s3:::ladderd-uploads-<AWS::AccountId>-us-east-1" },
          StringEquals: { "aws:SourceAccount": "<AWS::AccountId>" },
        },
      },
    ]);
  });
});

describe.each(["Jobs", "Events"])("the dead-letter queue of %s", (id) => {
  it("keeps a message longer than its queue, from whose clock its age counts", () => {
    const [queue, dead] = [queueOf(id), queueOf(`Dead${id}`)];
    expect(dead["MessageRetentionPeriod"]).toBe(14 * 86_400);
    expect(queue["MessageRetentionPeriod"]).toBe(7 * 86_400);
  });

  it("takes dead letters of that one queue", () => {
    expect(queueOf(`Dead${id}`)["RedriveAllowPolicy"]).toEqual({
      redrivePermission: "byQueue",
      sourceQueueArns: [arnOf(`ladderd-${id.toLowerCase()}`)],
    });
  });
});

it("every queue is encrypted and refuses requests without TLS", () => {
  const queues = resourcesOf(full, "AWS::SQS::Queue");
  expect(queues.map(({ Properties }) => Properties["SqsManagedSseEnabled"])).toEqual([true, true, true, true]);
  const denials = resourcesOf(full, "AWS::SQS::QueuePolicy").flatMap(({ Properties }) =>
    statementsOf(Properties["PolicyDocument"]).filter(({ Effect }) => Effect === "Deny"),
  );
  expect(denials.map(({ Condition }) => Condition)).toEqual(
    Array.from({ length: 4 }, () => ({ Bool: { "aws:SecureTransport": "false" } })),
  );
});

describe("events of managed engines", () => {
  it("are there with the engines: ffmpeg alone has no role, rule or topic for them", () => {
    for (const type of ["AWS::Events::Rule", "AWS::SNS::Topic", "AWS::MediaConvert::Queue"]) standard.resourceCountIs(type, 0);
    expect(resourcesOf(standard, "AWS::IAM::Role")).toEqual([]);
  });

  it("come from MediaConvert for the jobs of our queue, without what only tells of progress by the minute", () => {
    expect(theResource(full, "AWS::Events::Rule", "MediaConvertEvents").Properties).toMatchObject({
      EventPattern: {
        source: ["aws.mediaconvert"],
        "detail-type": ["MediaConvert Job State Change"],
        detail: {
          status: ["PROGRESSING", "COMPLETE", "ERROR", "CANCELED"],
          queue: [expect.stringMatching(/^<MediaConvertQueue.*\.Arn>$/)],
        },
      },
      Targets: [{ Arn: expect.stringMatching(/^<Events.*\.Arn>$/) }],
    });
  });

  it("come from Elastic Transcoder's topic", () => {
    expectResource(full, "AWS::SNS::Subscription", { Protocol: "sqs" });
    expect(theResource(full, "AWS::SNS::Subscription", "Elastic").Properties["Endpoint"]).toMatch(/^<Events.*\.Arn>$/);
  });

  it("are taken from this rule and this topic alone", () => {
    expect(senders(full, "Events").map(({ Principal, Condition }) => ({ Principal, Condition }))).toEqual([
      {
        Principal: { Service: "events.amazonaws.com" },
        Condition: {
          ArnEquals: { "aws:SourceArn": expect.stringMatching(/^<MediaConvertEvents.*\.Arn>$/) },
          StringEqualsIfExists: { "aws:SourceAccount": "<AWS::AccountId>" },
        },
      },
      {
        Principal: { Service: "sns.amazonaws.com" },
        Condition: {
          ArnEquals: { "aws:SourceArn": expect.stringMatching(/^<ElasticTranscoderEvents/) },
          StringEqualsIfExists: { "aws:SourceAccount": "<AWS::AccountId>" },
        },
      },
    ]);
  });
});

describe("MediaConvert's role", () => {
  const role = theResource(full, "AWS::IAM::Role", "MediaConvertRole").Properties;

  it("is taken on for this account's jobs alone", () => {
    expect(statementsOf(role["AssumeRolePolicyDocument"])).toMatchObject([
      {
        Principal: { Service: "mediaconvert.amazonaws.com" },
        Condition: {
          StringEquals: { "aws:SourceAccount": "<AWS::AccountId>" },
          ArnLike: { "aws:SourceArn": "arn:<AWS::Partition>:mediaconvert:<AWS::Region>:<AWS::AccountId>:*" },
        },
      },
    ]);
  });

  it("reads sources, told from those that are gone, and writes into revisions, never a pointer", () => {
    const [policy] = resourcesOf(full, "AWS::IAM::Role").flatMap(({ id, Properties }) =>
      id.startsWith("MediaConvertRole") && Array.isArray(Properties["Policies"]) ? [...Properties["Policies"]] : [],
    );
    expect(statementsOf(policy.PolicyDocument).map(({ Action, Resource }) => [Action, Resource])).toEqual([
      [["s3:ListBucket"], ["arn:<AWS::Partition>:s3:::studio-uploads-<AWS::AccountId>-us-east-1"]],
      [["s3:GetObject"], ["arn:<AWS::Partition>:s3:::studio-uploads-<AWS::AccountId>-us-east-1/*"]],
      [["s3:PutObject"], ["arn:<AWS::Partition>:s3:::studio-published-<AWS::AccountId>-us-east-1/*/r/*"]],
    ]);
  });
});

describe("delivery", () => {
  const config = theResource(standard, "AWS::CloudFront::Distribution", "Distribution").Properties["DistributionConfig"];
  const fullConfig = theResource(full, "AWS::CloudFront::Distribution", "Distribution").Properties["DistributionConfig"];
  const cachePolicy = (id: string) => theResource(standard, "AWS::CloudFront::CachePolicy", id).Properties["CachePolicyConfig"];
  const YEAR = 31_536_000;

  it("speaks HTTP/3, IPv6 and TLS, and takes nothing but reads", () => {
    expect(config).toMatchObject({
      HttpVersion: "http2and3",
      IPV6Enabled: true,
      DefaultCacheBehavior: {
        ViewerProtocolPolicy: "redirect-to-https",
        AllowedMethods: ["GET", "HEAD", "OPTIONS"],
        CachedMethods: ["GET", "HEAD"],
      },
    });
  });

  it("knows three kinds of objects, and compresses text alone", () => {
    expect(config).toMatchObject({
      DefaultCacheBehavior: { CachePolicyId: expect.stringMatching(/^<Pointers/), Compress: true },
      CacheBehaviors: [
        { PathPattern: "*/r/*.m3u8", CachePolicyId: expect.stringMatching(/^<ImmutableText/), Compress: true },
        { PathPattern: "*/r/*.vtt", CachePolicyId: expect.stringMatching(/^<ImmutableText/), Compress: true },
        { PathPattern: "*/r/*", CachePolicyId: expect.stringMatching(/^<ImmutableMedia/), Compress: false },
      ],
    });
    expect(cachePolicy("ImmutableMedia")).toMatchObject({
      ParametersInCacheKeyAndForwardedToOrigin: { EnableAcceptEncodingGzip: false, EnableAcceptEncodingBrotli: false },
    });
  });

  it("keeps a pointer no longer than the worker says, and what is in a revision for a year", () => {
    const seconds = Number(/s-maxage=(\d+)/.exec(pointerHeaders("index.m3u8").cacheControl)?.[1]);
    expect(cachePolicy("Pointers")).toMatchObject({ MinTTL: 0, DefaultTTL: seconds, MaxTTL: seconds });
    for (const id of ["ImmutableText", "ImmutableMedia"]) expect(cachePolicy(id)).toMatchObject({ DefaultTTL: YEAR, MaxTTL: YEAR });
  });

  it("lets an object's own Cache-Control shorten everything: an asset in a folder named r keeps its pointers short", () => {
    for (const id of ["Pointers", "ImmutableText", "ImmutableMedia"]) expect(cachePolicy(id)).toMatchObject({ MinTTL: 0 });
  });

  it("has nothing of the viewer in a cache key", () => {
    for (const id of ["Pointers", "ImmutableText", "ImmutableMedia"])
      expect(cachePolicy(id)).toMatchObject({
        ParametersInCacheKeyAndForwardedToOrigin: {
          CookiesConfig: { CookieBehavior: "none" },
          HeadersConfig: { HeaderBehavior: "none" },
          QueryStringsConfig: { QueryStringBehavior: "none" },
        },
      });
  });

  it("forgets an error after seconds, so that what appears is seen", () => {
    expect(config).toMatchObject({
      CustomErrorResponses: [403, 404, 500, 502, 503, 504].map((ErrorCode) => ({ ErrorCode, ErrorCachingMinTTL: 3 })),
    });
  });

  it("reads the bucket by origin access control and signs every request", () => {
    expectResource(standard, "AWS::CloudFront::OriginAccessControl", {
      OriginAccessControlConfig: { OriginAccessControlOriginType: "s3", SigningBehavior: "always", SigningProtocol: "sigv4" },
    });
  });

  it("shares no name with a deployment of the same name in another region, since an account has each once", () => {
    const namesIn = (template: typeof standard) =>
      Object.values(Object(template.toJSON()["Resources"]))
        .map((resource) => Object(resource))
        .filter(({ Type }) => String(Type).startsWith("AWS::CloudFront::"))
        .flatMap(({ Properties }) => Object.values(Object(Properties)).map((properties) => Object(properties)))
        .flatMap(({ Name, CallerReference }) => [Name, CallerReference])
        .filter((name) => name !== undefined);
    const here = namesIn(full);
    expect(here).toHaveLength(8);
    expect(namesIn(elsewhere("data")).filter((name) => here.includes(name))).toEqual([]);
  });

  it("logs into the bucket for access logs", () => {
    expect(config).toMatchObject({ Logging: { Bucket: expect.stringMatching(/^<AccessLogs/), Prefix: "cloudfront/" } });
  });

  it("sends CORS and security headers of its own", () => {
    expect(
      theResource(standard, "AWS::CloudFront::ResponseHeadersPolicy", "Headers").Properties["ResponseHeadersPolicyConfig"],
    ).toMatchObject({
      CorsConfig: { AccessControlAllowOrigins: { Items: ["*"] }, AccessControlAllowCredentials: false, OriginOverride: true },
      SecurityHeadersConfig: { ContentTypeOptions: { Override: true }, StrictTransportSecurity: { AccessControlMaxAgeSec: YEAR } },
      CustomHeadersConfig: { Items: [{ Header: "Cross-Origin-Resource-Policy", Value: "cross-origin" }] },
    });
  });

  it("asks for signatures on every behaviour when there are keys, with credentials for the named players", () => {
    const { DefaultCacheBehavior, CacheBehaviors } = Object(fullConfig);
    const groups = [DefaultCacheBehavior, ...CacheBehaviors].map(({ TrustedKeyGroups }) => TrustedKeyGroups);
    expect(groups).toEqual(Array.from({ length: 4 }, () => [expect.stringMatching(/^<SigningKeys/)]));
    expect(theResource(full, "AWS::CloudFront::ResponseHeadersPolicy", "Headers").Properties["ResponseHeadersPolicyConfig"]).toMatchObject({
      CorsConfig: { AccessControlAllowOrigins: { Items: ["https://player.example"] }, AccessControlAllowCredentials: true },
    });
    expect(JSON.stringify(config)).not.toContain("TrustedKeyGroups");
  });

  it("has a web ACL, a domain and TLS 1.2 where the settings ask for them", () => {
    expect(fullConfig).toMatchObject({
      WebACLId: expect.stringMatching(/^<Firewall.*\.Arn>$/),
      Aliases: ["video.example"],
      ViewerCertificate: { MinimumProtocolVersion: "TLSv1.2_2021", SslSupportMethod: "sni-only" },
      PriceClass: "PriceClass_All",
    });
    expect(config).toMatchObject({ PriceClass: "PriceClass_100" });
    expect(config).not.toHaveProperty("WebACLId");
  });

  it("blocks addresses of ill repute and those that ask too often", () => {
    expect(theResource(full, "AWS::WAFv2::WebACL", "Firewall").Properties).toMatchObject({
      Scope: "CLOUDFRONT",
      Rules: [
        { Statement: { ManagedRuleGroupStatement: { Name: "AWSManagedRulesAmazonIpReputationList" } } },
        { Action: { Block: {} }, Statement: { RateBasedStatement: { Limit: 10_000, AggregateKeyType: "IP" } } },
      ],
    });
  });
});
