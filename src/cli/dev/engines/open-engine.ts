import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { RemoteEngineName } from "../../../engines/remote.ts";
import { startFakeElasticTranscoder } from "./elastic-transcoder/service.ts";
import { startFakeMediaConvert } from "./mediaconvert/service.ts";
import type { AwsPlace } from "./objects.ts";
import { embeddedClient } from "./objects.ts";
import type { EncodingTools } from "./tools.ts";

export interface EngineSite {
  readonly aws: AwsPlace;
  readonly tools: EncodingTools;
  readonly buckets: { readonly uploads: string; readonly publish: string };
}

/** A service that runs; disposing of it ends its jobs. */
export interface OpenedEngine extends AsyncDisposable {
  readonly url: string;
  /** What makes a worker hand its jobs to it, and fall back to ffmpeg. */
  readonly env: Readonly<Record<string, string>>;
}

const QUEUE = "ladderd-engine-events";
const PIPELINE_ID = "1111111111111-ladder";

/** Starts an embedded service whose events go to a queue of the embedded AWS. */
export async function openEngine(name: RemoteEngineName, site: EngineSite): Promise<OpenedEngine> {
  const eventsQueueUrl = await makeQueue(site.aws);
  const common = { LADDERD_EVENTS_QUEUE_URL: eventsQueueUrl, LADDERD_ENGINES: `${name},ffmpeg` };
  return name === "mediaconvert" ? openMediaConvert(site, common) : openElasticTranscoder(site, common);
}

type Common = Readonly<Record<"LADDERD_EVENTS_QUEUE_URL" | "LADDERD_ENGINES", string>>;

async function openMediaConvert({ aws, tools }: EngineSite, common: Common): Promise<OpenedEngine> {
  const service = await startFakeMediaConvert({ aws, tools, eventsQueueUrl: common.LADDERD_EVENTS_QUEUE_URL });
  const role = { LADDERD_MEDIACONVERT_ROLE: "arn:aws:iam::000000000000:role/embedded" };
  return {
    url: service.url,
    env: { ...common, ...role, AWS_ENDPOINT_URL_MEDIACONVERT: service.url },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

async function openElasticTranscoder({ aws, tools, buckets }: EngineSite, common: Common): Promise<OpenedEngine> {
  const pipeline = {
    id: PIPELINE_ID,
    inputBucket: buckets.uploads,
    outputBucket: buckets.publish,
    topicArn: await topicInto(aws, QUEUE, "ladderd-engine-events"),
  };
  const service = await startFakeElasticTranscoder({ aws, tools, pipelines: [pipeline] });
  const own = { LADDERD_ELASTIC_TRANSCODER_PIPELINE_ID: PIPELINE_ID, AWS_ENDPOINT_URL_ELASTIC_TRANSCODER: service.url };
  return { url: service.url, env: { ...common, ...own }, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}

/** Makes a topic whose messages go to a queue of the embedded AWS; resolves to its ARN. */
export async function topicInto(aws: AwsPlace, queueName: string, topicName: string): Promise<string> {
  const sns = new SNSClient(embeddedClient(aws));
  try {
    const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: topicName }));
    const Endpoint = `arn:aws:sqs:${aws.region}:000000000000:${queueName}`;
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint }));
    return TopicArn;
  } finally {
    sns.destroy();
  }
}

async function makeQueue(aws: AwsPlace): Promise<string> {
  const sqs = new SQSClient({ ...embeddedClient(aws), useQueueUrlAsEndpoint: false });
  try {
    await sqs.send(new CreateQueueCommand({ QueueName: QUEUE }));
    return `${aws.endpoint}/000000000000/${QUEUE}`;
  } finally {
    sqs.destroy();
  }
}
