import type { Message, SQSClient } from "@aws-sdk/client-sqs";
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
} from "@aws-sdk/client-sqs";
import { z } from "zod";
import { StorageError } from "../domain/errors.ts";
import { sendBody } from "./job-sender.ts";
import type { DeadLetter, DeadLetterFacts, DeadLetters } from "../queue/dead-letters.ts";

export interface SqsDeadLettersOptions {
  readonly client: SQSClient;
  readonly deadLetterQueueUrl: string;
  /** Where messages are sent back to. */
  readonly queueUrl: string;
  /** How long a letter is kept from others. */
  readonly visibilitySeconds?: number;
}

/** SQS's limit of a receive and of a batch. */
const BATCH = 10;
/** Enough for some ten thousand letters; those of more come back meanwhile and are recognised. */
const VISIBILITY_SECONDS = 300;
/** A receive without a wait asks only some of the servers. */
const WAIT_SECONDS = 1;
const count = z.coerce.number().int().min(0).catch(0);
const dated = z.object({ headers: z.object({ date: z.string() }) });

/** A dead-letter queue as its letters. Errors are the SDK's. */
export function createSqsDeadLetters(options: SqsDeadLettersOptions): DeadLetters {
  const { client, deadLetterQueueUrl: QueueUrl, queueUrl, visibilitySeconds = VISIBILITY_SECONDS } = options;
  return {
    facts: async (signal) => readFacts(client, QueueUrl, signal),
    receive: async (abortSignal) => {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: BATCH,
          VisibilityTimeout: visibilitySeconds,
          WaitTimeSeconds: WAIT_SECONDS,
          MessageAttributeNames: ["code", "reason", "fingerprint"],
          MessageSystemAttributeNames: ["SentTimestamp"],
        }),
        { abortSignal },
      );
      return Messages.flatMap((message) => letterOf(message) ?? []);
    },
    sendBack: async (body, abortSignal) => {
      await sendBody({ client, queueUrl }, body, abortSignal);
    },
    remove: async ({ handle }, abortSignal) => {
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: handle }), { abortSignal });
    },
    giveBack: async (letters) => {
      for (let at = 0; at < letters.length; at += BATCH) {
        const Entries = letters
          .slice(at, at + BATCH)
          .map(({ handle }, index) => ({ Id: `${index}`, ReceiptHandle: handle, VisibilityTimeout: 0 }));
        await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries })).catch(() => undefined);
      }
    },
  };
}

function letterOf({ MessageId, ReceiptHandle, Body, Attributes, MessageAttributes = {} }: Message): DeadLetter | undefined {
  if (MessageId === undefined || ReceiptHandle === undefined || Body === undefined) return undefined;
  const sentAtMs = Number(Attributes?.SentTimestamp);
  const said = ["code", "reason", "fingerprint"].flatMap((name) => {
    const value = MessageAttributes[name]?.StringValue;
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    id: MessageId,
    handle: ReceiptHandle,
    body: Body,
    isWhole: true,
    ...(Number.isNaN(sentAtMs) ? {} : { keptAtMs: sentAtMs }),
    ...Object.fromEntries(said),
  };
}

async function readFacts(client: SQSClient, QueueUrl: string, abortSignal: AbortSignal): Promise<DeadLetterFacts> {
  const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] });
  let date: string | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = dated.safeParse(result.response).data?.headers.date;
      return result;
    },
    { step: "deserialize" },
  );
  const { Attributes } = await client.send(command, { abortSignal });
  if (!Attributes) throw new StorageError("SQS told nothing of the dead-letter queue");
  const answeredMs = Date.parse(date ?? "");
  const [visible, hidden] = AttributeNames.map((name) => count.parse(Attributes[name]));
  return { name: QueueUrl, nowMs: Number.isNaN(answeredMs) ? Date.now() : answeredMs, visible: visible ?? 0, hidden: hidden ?? 0 };
}
