import type { EmbeddedAws } from "../../src/cli/dev/embedded-aws.ts";
import type { FakeElasticTranscoder, FakeElasticTranscoderOptions } from "../../src/cli/dev/engines/elastic-transcoder/service.ts";
import { startFakeElasticTranscoder } from "../../src/cli/dev/engines/elastic-transcoder/service.ts";
import { topicInto as makeTopic } from "../../src/cli/dev/engines/open-engine.ts";
import { TEST_BUCKETS } from "./embedded-aws.ts";
import { ENGINE_TOOLS, placeOf } from "./engine-tools.ts";

export const PIPELINE_ID = "1111111111111-abcde1";

/** Makes a topic whose messages go to a queue of the embedded AWS; resolves to its ARN. */
export const topicInto = (aws: Pick<EmbeddedAws, "endpoint" | "env">, queueUrl: string, name: string): Promise<string> =>
  makeTopic(placeOf(aws), queueUrl.split("/").at(-1) ?? "", name);

/** An Elastic Transcoder with one pipeline from the uploads into the published bucket, with the programs of this machine. */
export const startTestElasticTranscoder = (
  aws: Pick<EmbeddedAws, "endpoint" | "env">,
  { topicArn, ...options }: Partial<FakeElasticTranscoderOptions> & { readonly topicArn?: string } = {},
): Promise<FakeElasticTranscoder> => {
  const buckets = { inputBucket: TEST_BUCKETS.uploads, outputBucket: TEST_BUCKETS.publish };
  const pipelines = [{ id: PIPELINE_ID, ...buckets, ...(topicArn === undefined ? {} : { topicArn }) }];
  return startFakeElasticTranscoder({ aws: placeOf(aws), tools: ENGINE_TOOLS, pipelines, ...options });
};
