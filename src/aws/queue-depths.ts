import type { SQSClient } from "@aws-sdk/client-sqs";
import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { z } from "zod";
import type { ReadDepth } from "../lifecycle/watch-depths.ts";

const count = z.coerce.number().int().min(0);
const attributes = z.object({ ApproximateNumberOfMessages: count, ApproximateNumberOfMessagesNotVisible: count });

/** Counts the messages of a queue, as SQS estimates them. Errors are the SDK's. */
export const createDepthReader =
  (client: SQSClient): ReadDepth =>
  async (QueueUrl, abortSignal) => {
    const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
    const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] });
    const { Attributes } = await client.send(command, { abortSignal });
    const told = attributes.parse(Attributes);
    return { visible: told.ApproximateNumberOfMessages, hidden: told.ApproximateNumberOfMessagesNotVisible };
  };
