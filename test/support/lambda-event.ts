import type { Message } from "@aws-sdk/client-sqs";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { Site } from "./site.ts";

/** What an event source mapping hands to a function, as AWS documents it. */
export const lambdaEvent = (queueUrl: string, messages: readonly Message[]) => ({
  Records: messages.map(({ MessageId = "", ReceiptHandle = "", Body = "", Attributes = {}, MD5OfBody = "" }) => ({
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: {
      ApproximateReceiveCount: Attributes.ApproximateReceiveCount ?? "1",
      SentTimestamp: Attributes.SentTimestamp ?? "1763900000000",
      SenderId: "AIDAIENQZJOLO23YVJ4VO",
      ApproximateFirstReceiveTimestamp: "1763900000001",
    },
    messageAttributes: {},
    md5OfBody: MD5OfBody,
    eventSource: "aws:sqs",
    eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queueUrl.slice(queueUrl.lastIndexOf("/") + 1)}`,
    awsRegion: "us-east-1",
  })),
});

/** Takes what a queue has now, up to a batch, and hides it. */
export async function receiveBatch({ sqs }: Pick<Site, "sqs">, queueUrl: string): Promise<readonly Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      ...{ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 2, VisibilityTimeout: 600 },
      MessageSystemAttributeNames: ["ApproximateReceiveCount", "SentTimestamp"],
    }),
  );
  return Messages;
}

/** A function's context with so much time left. */
export const aFunctionContext = (remainingMs = 600_000) => {
  const end = performance.now() + remainingMs;
  return { getRemainingTimeInMillis: () => Math.max(0, end - performance.now()) };
};
