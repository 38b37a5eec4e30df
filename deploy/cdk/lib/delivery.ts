import { Duration } from "aws-cdk-lib";
import * as acm from "aws-cdk-lib/aws-certificatemanager";
import * as cloudfront from "aws-cdk-lib/aws-cloudfront";
import * as origins from "aws-cdk-lib/aws-cloudfront-origins";
import type { Construct } from "constructs";

import { acknowledge } from "./acknowledge.ts";
import { createCachePolicies, createHeaders } from "./delivery-policies.ts";
import type { Settings } from "./settings.ts";
import type { Storage } from "./storage.ts";

interface DeliveryProps {
  /** Begins the names of what belongs to it: an account has each of them once, whatever the region. */
  readonly name: string;
  readonly settings: Settings["delivery"];
  readonly storage: Pick<Storage, "published" | "accessLogs">;
  /** ARN of the web ACL, where there is one. */
  readonly webAclArn: string | undefined;
}

const PRICE_CLASSES = {
  "100": cloudfront.PriceClass.PRICE_CLASS_100,
  "200": cloudfront.PriceClass.PRICE_CLASS_200,
  all: cloudfront.PriceClass.PRICE_CLASS_ALL,
} as const;

/** What is text under a revision, and so is compressed: media playlists, subtitles, the storyboard's cues. */
const TEXT_OF_REVISIONS = ["*/r/*.m3u8", "*/r/*.vtt"] as const;
const REVISIONS = "*/r/*";

/** CloudFront keeps an error for 10 s unless told: a film that appears meanwhile would stay away that long. */
const ERROR_SECONDS = 3;

/**
 * Serves the published bucket through CloudFront alone, by origin access control. Three kinds of objects: pointers (short), text
 * of revisions (for ever, compressed) and media (for ever, as it is).
 */
export function createDelivery(scope: Construct, { name, settings, storage, webAclArn }: DeliveryProps): cloudfront.Distribution {
  const policies = createCachePolicies(scope, name);
  const keyGroup = createKeyGroup(scope, name, settings.signing?.publicKeys ?? []);
  const common = {
    origin: origins.S3BucketOrigin.withOriginAccessControl(storage.published, {
      originAccessControl: new cloudfront.S3OriginAccessControl(scope, "OriginAccess", { originAccessControlName: name }),
    }),
    viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
    allowedMethods: cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
    cachedMethods: cloudfront.CachedMethods.CACHE_GET_HEAD,
    // A preflight goes to S3, which answers it by the bucket's CORS; the headers are no part of the cache key.
    originRequestPolicy: cloudfront.OriginRequestPolicy.CORS_S3_ORIGIN,
    responseHeadersPolicy: createHeaders(scope, name, settings),
    ...(keyGroup ? { trustedKeyGroups: [keyGroup] } : {}),
  };
  const textOfRevisions = { ...common, cachePolicy: policies.immutableText, compress: true };
  const distribution = new cloudfront.Distribution(scope, "Distribution", {
    comment: `${name}: published videos`,
    defaultBehavior: { ...common, cachePolicy: policies.pointers, compress: true },
    additionalBehaviors: {
      ...Object.fromEntries(TEXT_OF_REVISIONS.map((pattern) => [pattern, textOfRevisions])),
      // Media is compressed already: trying again costs time and breaks ranges.
      [REVISIONS]: { ...common, cachePolicy: policies.immutableMedia, compress: false },
    },
    httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
    enableIpv6: true,
    priceClass: PRICE_CLASSES[settings.priceClass],
    errorResponses: [403, 404, 500, 502, 503, 504].map((httpStatus) => ({ httpStatus, ttl: Duration.seconds(ERROR_SECONDS) })),
    enableLogging: true,
    logBucket: storage.accessLogs,
    logFilePrefix: "cloudfront/",
    ...certified(scope, settings.domain),
    ...(webAclArn === undefined ? {} : { webAclId: webAclArn }),
  });
  acknowledgeDelivery(distribution, settings, webAclArn);
  return distribution;
}

function certified(scope: Construct, domain: Settings["delivery"]["domain"]): Partial<cloudfront.DistributionProps> {
  if (domain === undefined) return {};
  const certificate = acm.Certificate.fromCertificateArn(scope, "Certificate", domain.certificateArn);
  return { domainNames: [domain.name], certificate, minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 };
}

function createKeyGroup(scope: Construct, name: string, publicKeys: readonly string[]): cloudfront.KeyGroup | undefined {
  if (publicKeys.length === 0) return undefined;
  const items = publicKeys.map((encodedKey, index) => {
    const publicKeyName = `${name}-key${index}`;
    const key = new cloudfront.PublicKey(scope, `SigningKey${index}`, { encodedKey, publicKeyName });
    // The library's own is the same in every region.
    if (key.node.defaultChild instanceof cloudfront.CfnPublicKey)
      key.node.defaultChild.addPropertyOverride("PublicKeyConfig.CallerReference", publicKeyName);
    return key;
  });
  return new cloudfront.KeyGroup(scope, "SigningKeys", {
    keyGroupName: `${name}-keys`,
    items,
    comment: "Keys that sign URLs and cookies of viewers",
  });
}

function acknowledgeDelivery(distribution: cloudfront.Distribution, { domain }: Settings["delivery"], webAclArn: string | undefined): void {
  acknowledge(distribution, "AwsSolutions-CFR1", "Where films may be watched is a matter of their licences, not of this stack.");
  if (webAclArn === undefined)
    acknowledge(distribution, "AwsSolutions-CFR2", "Static objects, GET and HEAD alone; the setting delivery.firewall adds a web ACL.");
  if (domain === undefined)
    acknowledge(
      distribution,
      "AwsSolutions-CFR4",
      "CloudFront's own certificate fixes the policy; the setting delivery.domain raises it to TLS 1.2.",
    );
}
