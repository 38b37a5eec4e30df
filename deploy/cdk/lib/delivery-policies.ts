import { Duration } from "aws-cdk-lib";
import * as cloudfront from "aws-cdk-lib/aws-cloudfront";
import type { Construct } from "constructs";

import type { Settings } from "./settings.ts";

/** How long CloudFront keeps the kinds of published objects. */
export interface CachePolicies {
  readonly pointers: cloudfront.CachePolicy;
  readonly immutableText: cloudfront.CachePolicy;
  readonly immutableMedia: cloudfront.CachePolicy;
}

/** The s-maxage of a pointer (R-P6). No longer whatever an object says: it decides how soon a new revision is seen. */
const POINTER_SECONDS = 10;
const YEAR = Duration.days(365);

/**
 * Creates a policy for each kind. Nothing of the request is in the key but the path and the encoding. The origin's Cache-Control
 * decides within the bounds: an asset that lies in a folder named r keeps its pointers' short time.
 */
export function createCachePolicies(scope: Construct, name: string): CachePolicies {
  const policy = (id: string, comment: string, props: cloudfront.CachePolicyProps): cloudfront.CachePolicy =>
    new cloudfront.CachePolicy(scope, id, {
      cachePolicyName: `${name}-${id.toLowerCase()}`,
      comment,
      minTtl: Duration.seconds(0),
      headerBehavior: cloudfront.CacheHeaderBehavior.none(),
      queryStringBehavior: cloudfront.CacheQueryStringBehavior.none(),
      cookieBehavior: cloudfront.CacheCookieBehavior.none(),
      ...props,
    });
  const text = { enableAcceptEncodingGzip: true, enableAcceptEncodingBrotli: true };
  return {
    pointers: policy("Pointers", "index.m3u8, index.mpd, asset.json: seconds", {
      ...text,
      defaultTtl: Duration.seconds(POINTER_SECONDS),
      maxTtl: Duration.seconds(POINTER_SECONDS),
    }),
    immutableText: policy("ImmutableText", "playlists and subtitles of a revision: for ever", { ...text, defaultTtl: YEAR, maxTtl: YEAR }),
    immutableMedia: policy("ImmutableMedia", "media of a revision: for ever", {
      enableAcceptEncodingGzip: false,
      enableAcceptEncodingBrotli: false,
      defaultTtl: YEAR,
      maxTtl: YEAR,
    }),
  };
}

/** Creates the headers that every answer carries: CORS for the players' origins, and those that keep browsers from guessing. */
export function createHeaders(
  scope: Construct,
  name: string,
  { playerOrigins, signing }: Settings["delivery"],
): cloudfront.ResponseHeadersPolicy {
  return new cloudfront.ResponseHeadersPolicy(scope, "Headers", {
    responseHeadersPolicyName: `${name}-headers`,
    comment: "CORS for players, and security headers",
    corsBehavior: {
      accessControlAllowOrigins: [...playerOrigins],
      accessControlAllowMethods: ["GET", "HEAD", "OPTIONS"],
      // With credentials a browser takes no asterisk.
      accessControlAllowHeaders: signing?.cookies === true ? ["Range", "If-None-Match", "If-Modified-Since"] : ["*"],
      accessControlExposeHeaders: ["Content-Length", "Content-Range", "ETag", "Date", "Age"],
      accessControlAllowCredentials: signing?.cookies === true,
      accessControlMaxAge: Duration.days(1),
      originOverride: true,
    },
    securityHeadersBehavior: {
      contentTypeOptions: { override: true },
      strictTransportSecurity: { accessControlMaxAge: Duration.days(365), includeSubdomains: false, override: true },
      referrerPolicy: { referrerPolicy: cloudfront.HeadersReferrerPolicy.STRICT_ORIGIN_WHEN_CROSS_ORIGIN, override: true },
      contentSecurityPolicy: { contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'; sandbox", override: true },
    },
    customHeadersBehavior: { customHeaders: [{ header: "Cross-Origin-Resource-Policy", value: "cross-origin", override: true }] },
  });
}
