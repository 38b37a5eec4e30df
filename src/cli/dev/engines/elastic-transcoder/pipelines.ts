import { ACCOUNT } from "./job.ts";

/** A pipeline, as whoever starts the fake sets it up. */
export interface FakePipeline {
  readonly id: string;
  readonly inputBucket: string;
  readonly outputBucket: string;
  /** Told, no more: the switch `stall` holds the jobs of a paused pipeline. */
  status?: "Active" | "Paused";
  /** The SNS topic of all notifications; there are none without. */
  readonly topicArn?: string;
}

/** The Pipeline shape of the API. */
export function pipelineOnTheWire(
  { id, inputBucket, outputBucket, status = "Active", topicArn = "" }: FakePipeline,
  region: string,
): Readonly<Record<string, unknown>> {
  const content = { Bucket: outputBucket, StorageClass: "Standard", Permissions: [] };
  return {
    ...{ Id: id, Arn: `arn:aws:elastictranscoder:${region}:${ACCOUNT}:pipeline/${id}`, Name: id, Status: status },
    ...{ InputBucket: inputBucket, OutputBucket: outputBucket, Role: `arn:aws:iam::${ACCOUNT}:role/Elastic_Transcoder_Default_Role` },
    Notifications: { Progressing: topicArn, Completed: topicArn, Warning: topicArn, Error: topicArn },
    ...{ ContentConfig: content, ThumbnailConfig: content },
  };
}
