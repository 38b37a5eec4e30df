import { CfnOutput } from "aws-cdk-lib";
import type * as cloudfront from "aws-cdk-lib/aws-cloudfront";
import type { Construct } from "constructs";

import { createDelivery } from "./delivery.ts";
import { routeElasticTranscoder, routeMediaConvert } from "./engine-events.ts";
import { createFirewall } from "./firewall.ts";
import type { MediaConvert } from "./media-convert.ts";
import { createMediaConvert } from "./media-convert.ts";
import type { Names } from "./names.ts";
import type { Queues } from "./queues.ts";
import { createQueues, policyOf } from "./queues.ts";
import { createBackup } from "./recovery.ts";
import type { Settings } from "./settings.ts";
import type { Storage } from "./storage.ts";
import { createStorage, notifyOfObjects } from "./storage.ts";

/** What lasts: media, messages, and the way to viewers. */
export interface Data {
  readonly storage: Storage;
  readonly queues: Queues;
  readonly mediaConvert: MediaConvert | undefined;
  readonly distribution: cloudfront.Distribution;
}

/** Fills the stack that outlives every other: deleting a fleet or a pipeline touches nothing of it. */
export function createData(scope: Construct, settings: Settings, names: Names): Data {
  const { name, engines } = settings;
  const storage = createStorage(scope, { settings, names });
  const queues = createQueues(scope, names);
  notifyOfObjects(storage, { names, after: policyOf(queues.jobs), isBackedUp: settings.recovery.backupDays !== undefined });
  const mediaConvert = engines.includes("mediaconvert") ? createMediaConvert(scope, name, names) : undefined;
  if (mediaConvert) routeMediaConvert(scope, { name, queue: queues.events, jobQueueArn: mediaConvert.queueArn });
  if (engines.includes("elastic-transcoder")) {
    const topic = routeElasticTranscoder(scope, { name, queue: queues.events });
    new CfnOutput(scope, "ElasticTranscoderTopic", { value: topic.topicArn });
  }
  if (settings.recovery.backupDays !== undefined) createBackup(scope, storage, { name, keepDays: settings.recovery.backupDays });
  const distribution = createDelivery(scope, {
    name: names.global,
    settings: settings.delivery,
    storage,
    webAclArn: webAcl(scope, settings),
  });
  tell(scope, { storage, queues, distribution });
  return { storage, queues, mediaConvert, distribution };
}

function webAcl(scope: Construct, { name, delivery }: Settings): string | undefined {
  const { firewall } = delivery;
  if (firewall.kind === "create") return createFirewall(scope, { name, requestsPerFiveMinutes: firewall.requestsPerFiveMinutes });
  return firewall.kind === "existing" ? firewall.arn : undefined;
}

function tell(scope: Construct, { storage, queues, distribution }: Omit<Data, "mediaConvert">): void {
  const outputs = {
    UploadsBucket: storage.uploads.bucketName,
    PublishedBucket: storage.published.bucketName,
    StateBucket: storage.state.bucketName,
    JobsQueueUrl: queues.jobs.queueUrl,
    PublicAddress: `https://${distribution.distributionDomainName}`,
  };
  for (const [id, value] of Object.entries(outputs)) new CfnOutput(scope, id, { value });
}
