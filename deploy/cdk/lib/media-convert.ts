import { Aws } from "aws-cdk-lib";
import type * as iam from "aws-cdk-lib/aws-iam";
import * as mediaconvert from "aws-cdk-lib/aws-mediaconvert";
import type { Construct } from "constructs";

import { createRole } from "./grants.ts";
import type { Names } from "./names.ts";
import { bucketArn } from "./names.ts";

/** What MediaConvert works with: the role it takes on, and a queue of its own. */
export interface MediaConvert {
  readonly role: iam.Role;
  readonly queueArn: string;
}

/** Creates the role by which MediaConvert reads sources and writes renditions, and an on-demand queue of its own. */
export function createMediaConvert(scope: Construct, name: string, { uploads, published }: Names): MediaConvert {
  const role = createRole(scope, "MediaConvertRole", {
    description: "Lets MediaConvert read the sources of ladderd and write its renditions",
    service: "mediaconvert.amazonaws.com",
    conditions: { ArnLike: { "aws:SourceArn": `arn:${Aws.PARTITION}:mediaconvert:${Aws.REGION}:${Aws.ACCOUNT_ID}:*` } },
    grants: {
      media: [
        // Without it S3 answers 403 where a source is missing: one deleted upload would pass for a broken role, and stop the engine.
        { actions: ["s3:ListBucket"], resources: [bucketArn(uploads)] },
        { actions: ["s3:GetObject"], resources: [`${bucketArn(uploads)}/*`], why: "Any source: keys are chosen by whoever uploads." },
        { actions: ["s3:PutObject"], resources: [`${bucketArn(published)}/*/r/*`], why: "Revisions alone: pointers are the worker's." },
      ],
    },
  });
  const queue = new mediaconvert.CfnQueue(scope, "MediaConvertQueue", {
    name,
    description: "Jobs of ladderd",
    pricingPlan: "ON_DEMAND",
    status: "ACTIVE",
  });
  return { role, queueArn: queue.attrArn };
}
