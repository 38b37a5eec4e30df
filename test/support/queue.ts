import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import type { Message } from "@aws-sdk/client-sqs";
import type { Site } from "./site.ts";
import { until } from "./until.ts";

type Queues = Pick<Site, "sqs" | "aws">;

/** Messages of a queue: those that a receive would bring now, and those that somebody holds. */
export interface QueueCount {
  readonly visible: number;
  readonly hidden: number;
}

/** Makes a queue of its own for one test; resolves to its URL. */
export async function makeQueue({ sqs, aws }: Queues, name: string, visibilitySeconds: number): Promise<string> {
  await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { VisibilityTimeout: `${visibilitySeconds}` } }));
  return aws.queueUrl.replace(/[^/]+$/, name);
}

/** Sends a body, JSON unless it is a text; resolves to the message's id. */
export async function send({ sqs, aws }: Queues, body: unknown, queueUrl: string = aws.queueUrl): Promise<string> {
  const MessageBody = typeof body === "string" ? body : JSON.stringify(body);
  const { MessageId = "" } = await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody }));
  return MessageId;
}

/** How many messages the queue has. */
export async function countOf({ sqs, aws }: Queues, queueUrl: string = aws.queueUrl): Promise<QueueCount> {
  const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["All"] }));
  return {
    visible: Number(Attributes["ApproximateNumberOfMessages"]),
    hidden: Number(Attributes["ApproximateNumberOfMessagesNotVisible"]),
  };
}

/** Waits until no message is left, visible or not. */
export async function untilEmpty(queues: Queues, queueUrl?: string, timeoutMs?: number): Promise<void> {
  await until(
    "the queue is empty",
    async () => {
      const { visible, hidden } = await countOf(queues, queueUrl);
      return visible + hidden === 0 ? true : undefined;
    },
    timeoutMs,
  );
}

/**
 * Receives one message as soon as there is one. The embedded queue notices that a message is visible again only when it is
 * asked for one: counting does not show it. Throws when none comes within `timeoutMs`.
 */
export async function receive({ sqs }: Queues, queueUrl: string, timeoutMs: number): Promise<Message> {
  return until(
    "a message is visible",
    async () => {
      const { Messages } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 5, MessageSystemAttributeNames: ["ApproximateReceiveCount"] }),
      );
      return Messages?.[0];
    },
    timeoutMs,
  );
}

/** Takes every message out of a queue. */
export async function drainQueue({ sqs }: Queues, queueUrl: string): Promise<readonly Message[]> {
  const taken: Message[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0, MessageAttributeNames: ["All"] }),
    );
    if (Messages.length === 0) return taken;
    taken.push(...Messages);
    for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
  }
}
