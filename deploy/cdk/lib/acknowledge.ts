import { Aws, Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/** Says of a construct, and of what is in it, why a rule of cdk-nag is not kept there. */
export function acknowledge(construct: IConstruct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id, reason });
}

/** The same for permissions with an asterisk in them, each by itself: `Action::s3:List*`, `Resource::…`. */
export function acknowledgeWildcards(construct: IConstruct, reason: string, findings: readonly string[]): void {
  for (const finding of findings) acknowledge(construct, `AwsSolutions-IAM5[${finding}]`, reason);
}

/** cdk-nag's name for a resource of a policy, which has the pseudo parameters in angle brackets. */
export const resourceFinding = (arn: string): string =>
  `Resource::${arn
    .replaceAll(Aws.PARTITION, "<AWS::Partition>")
    .replaceAll(Aws.REGION, "<AWS::Region>")
    .replaceAll(Aws.ACCOUNT_ID, "<AWS::AccountId>")}`;

/** What the library's grants on a bucket of releases ask for. */
export const BUCKET_GRANTS = ["s3:Abort*", "s3:DeleteObject*", "s3:GetBucket*", "s3:GetObject*", "s3:List*"].map(
  (action) => `Action::${action}`,
);
