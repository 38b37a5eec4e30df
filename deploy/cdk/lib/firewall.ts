import * as wafv2 from "aws-cdk-lib/aws-wafv2";
import type { Construct } from "constructs";

interface FirewallProps {
  readonly name: string;
  /** Of one address: a player fetches a segment of every track every few seconds. */
  readonly requestsPerFiveMinutes: number;
}

const measured = (metricName: string): wafv2.CfnWebACL.VisibilityConfigProperty => ({
  cloudWatchMetricsEnabled: true,
  sampledRequestsEnabled: true,
  metricName,
});

/** Creates a web ACL for CloudFront (in us-east-1 alone): addresses of ill repute, and too many requests of one address. */
export function createFirewall(scope: Construct, { name, requestsPerFiveMinutes }: FirewallProps): string {
  const acl = new wafv2.CfnWebACL(scope, "Firewall", {
    name,
    scope: "CLOUDFRONT",
    defaultAction: { allow: {} },
    visibilityConfig: measured(`${name}-all`),
    rules: [
      {
        name: "reputation",
        priority: 0,
        overrideAction: { none: {} },
        statement: { managedRuleGroupStatement: { vendorName: "AWS", name: "AWSManagedRulesAmazonIpReputationList" } },
        visibilityConfig: measured(`${name}-reputation`),
      },
      {
        name: "rate",
        priority: 1,
        action: { block: {} },
        statement: { rateBasedStatement: { limit: requestsPerFiveMinutes, aggregateKeyType: "IP" } },
        visibilityConfig: measured(`${name}-rate`),
      },
    ],
  });
  return acl.attrArn;
}
