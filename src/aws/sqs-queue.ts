import type { SQSClient } from "@aws-sdk/client-sqs";
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { z } from "zod";
import type { Queue, Quarantined, QueueFacts } from "../queue/queue.ts";
import { oneLine } from "../state/printable.ts";
import { translateLeaseError } from "./errors.ts";

export interface SqsQueueOptions {
  readonly client: SQSClient;
  /** For extensions alone, so that they never wait for a socket (R-L6). */
  readonly heartbeatClient: SQSClient;
  readonly queueUrl: string;
  /** Told of each copy that SQS has taken. */
  readonly onDeadLetter?: () => void;
}

const MAX_REASON_LENGTH = 256;

const count = z.coerce.number().int().min(0);
const redrivePolicy = z.object({
  deadLetterTargetArn: z.string().regex(/^arn:[^:]+:sqs:[^:]*:\d*:[\w.-]+$/),
  maxReceiveCount: count,
});

/** The queue at `queueUrl`. Its dead-letter queue is the one of its RedrivePolicy, looked up once, at the first need. */
export function createQueue({ client, heartbeatClient, queueUrl, onDeadLetter = () => {} }: SqsQueueOptions): Queue {
  let facts: Promise<QueueFacts> | undefined;
  const knownFacts = async (): Promise<QueueFacts> => {
    facts ??= readFacts(client, queueUrl);
    try {
      return await facts;
    } catch (error) {
      facts = undefined;
      throw error;
    }
  };
  const changeVisibility = (receiptHandle: string, seconds: number) =>
    new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds });
  return {
    extend: async (receiptHandle, seconds) => {
      try {
        await heartbeatClient.send(changeVisibility(receiptHandle, seconds));
      } catch (error) {
        throw translateLeaseError(error);
      }
    },
    release: async (receiptHandle, seconds) => {
      await client.send(changeVisibility(receiptHandle, seconds));
    },
    delete: async (receiptHandle) => {
      await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle }));
    },
    send: async (body, signal) => {
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }), signal ? { abortSignal: signal } : {});
    },
    quarantine: async (message) => {
      const { deadLetterQueueUrl } = await knownFacts();
      if (deadLetterQueueUrl === undefined) return;
      await client.send(copyOf(message, deadLetterQueueUrl));
      onDeadLetter();
    },
    checkQueue: async () => {
      facts = undefined;
      return knownFacts();
    },
    facts: knownFacts,
  };
}

const copyOf = ({ body, code, reason, fingerprint }: Quarantined, deadLetterQueueUrl: string): SendMessageCommand =>
  new SendMessageCommand({
    QueueUrl: deadLetterQueueUrl,
    MessageBody: body || " ",
    MessageAttributes: {
      code: { DataType: "String", StringValue: code },
      reason: { DataType: "String", StringValue: oneLine(reason, MAX_REASON_LENGTH) },
      fingerprint: { DataType: "String", StringValue: fingerprint },
    },
  });

async function readFacts(client: SQSClient, queueUrl: string): Promise<QueueFacts> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: ["RedrivePolicy", "VisibilityTimeout", "ApproximateNumberOfMessages"],
    }),
  );
  const { VisibilityTimeout, ApproximateNumberOfMessages, RedrivePolicy } = Attributes;
  const facts = {
    visibilitySeconds: count.parse(VisibilityTimeout ?? 30),
    approximateMessages: count.parse(ApproximateNumberOfMessages ?? 0),
  };
  if (RedrivePolicy === undefined) return facts;
  const { deadLetterTargetArn, maxReceiveCount } = redrivePolicy.parse(JSON.parse(RedrivePolicy));
  return { ...facts, maxReceiveCount, deadLetterQueueUrl: await urlOf(deadLetterTargetArn, client) };
}

async function urlOf(arn: string, client: SQSClient): Promise<string> {
  const [account, QueueName] = arn.split(":").slice(-2);
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName, ...(account ? { QueueOwnerAWSAccountId: account } : {}) }));
  return z.string().parse(QueueUrl);
}
