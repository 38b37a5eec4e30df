import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import type { EmbeddedAws } from "../../src/cli/dev/embedded-aws.ts";
import type { FakeElasticTranscoder, FakeElasticTranscoderOptions } from "../../src/cli/dev/engines/elastic-transcoder/service.ts";
import { startFakeElasticTranscoder } from "../../src/cli/dev/engines/elastic-transcoder/service.ts";
import { clientSettings, TEST_BUCKETS } from "./embedded-aws.ts";
import { ENGINE_TOOLS, placeOf } from "./engine-tools.ts";

export const PIPELINE_ID = "1111111111111-abcde1";

/** Makes a topic whose messages go to a queue of the embedded AWS; resolves to its ARN. */
export async function topicInto(aws: Pick<EmbeddedAws, "endpoint" | "env">, queueUrl: string, name: string): Promise<string> {
  const sns = new SNSClient(clientSettings(aws));
  try {
    const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: name }));
    const Endpoint = `arn:aws:sqs:${placeOf(aws).region}:000000000000:${queueUrl.split("/").at(-1)}`;
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint }));
    return TopicArn;
  } finally {
    sns.destroy();
  }
}

/** An Elastic Transcoder with one pipeline from the uploads into the published bucket, with the programs of this machine. */
export const startTestElasticTranscoder = (
  aws: Pick<EmbeddedAws, "endpoint" | "env">,
  { topicArn, ...options }: Partial<FakeElasticTranscoderOptions> & { readonly topicArn?: string } = {},
): Promise<FakeElasticTranscoder> => {
  const buckets = { inputBucket: TEST_BUCKETS.uploads, outputBucket: TEST_BUCKETS.publish };
  const pipelines = [{ id: PIPELINE_ID, ...buckets, ...(topicArn === undefined ? {} : { topicArn }) }];
  return startFakeElasticTranscoder({ aws: placeOf(aws), tools: ENGINE_TOOLS, pipelines, ...options });
};
