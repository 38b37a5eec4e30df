import { Aws } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";

import { acknowledgeWildcards, resourceFinding } from "./acknowledge.ts";

/** One permission of a role. */
export interface Grant {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: iam.Conditions;
  /** Why a resource has an asterisk; cdk-nag refuses a role in which one has none. */
  readonly why?: string;
}

interface RoleProps {
  readonly description: string;
  /** Who takes the role on: a service, for this account alone. */
  readonly service: string;
  /** More conditions on who that is. */
  readonly conditions?: iam.Conditions;
  readonly grants: Readonly<Record<string, readonly Grant[]>>;
}

/** Creates a role with these permissions and no other. EC2 does not say for which account it takes one on. */
export function createRole(scope: Construct, id: string, { description, service, conditions = {}, grants }: RoleProps): iam.Role {
  const role = new iam.Role(scope, id, {
    description,
    assumedBy: service === "ec2.amazonaws.com" ? new iam.ServicePrincipal(service) : serviceOf(service, conditions),
    inlinePolicies: Object.fromEntries(Object.entries(grants).map(([name, list]) => [name, policyOf(list)])),
  });
  for (const { resources, why } of Object.values(grants).flat()) {
    const wide = resources.filter((resource) => resource.includes("*")).map(resourceFinding);
    if (why !== undefined) acknowledgeWildcards(role, why, wide);
  }
  return role;
}

/** A service that acts for this account: another account's resources cannot make it take the role on. */
export const serviceOf = (service: string, conditions: iam.Conditions = {}): iam.ServicePrincipal =>
  new iam.ServicePrincipal(service, { conditions: { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID }, ...conditions } });

const policyOf = (grants: readonly Grant[]): iam.PolicyDocument =>
  new iam.PolicyDocument({
    statements: grants.map(
      ({ actions, resources, conditions }) =>
        new iam.PolicyStatement({ actions: [...actions], resources: [...resources], ...(conditions ? { conditions } : {}) }),
    ),
  });
