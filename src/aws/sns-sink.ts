import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import type { Notice } from "../engines/elastic-transcoder/notice.ts";
import type { Sink } from "../notify/outbox.ts";
import type { Credentials } from "./credentials.ts";
import { clientIdentity, requestHandler } from "./clients.ts";

const SOCKET_TIMEOUT_MS = 5000;
const MAX_SOCKETS = 2;

/** Publishes notifications to a topic, in the region of its ARN, with the event as an attribute for filter policies. One attempt: the outbox tries again. */
export function snsSink(topicArn: string, credentials?: Credentials): Sink {
  const client = clientOf(topicArn, credentials);
  return {
    name: "sns",
    send: async (notification, abortSignal) => {
      const MessageAttributes = { event: { DataType: "String", StringValue: notification.event } };
      const request = { TopicArn: topicArn, Message: JSON.stringify(notification), MessageAttributes };
      await client.send(new PublishCommand(request), { abortSignal });
    },
    close: () => client.destroy(),
  };
}

/** Publishes what Elastic Transcoder's subscribers expect, with the subject that they knew. */
export function compatSink(topicArn: string, credentials?: Credentials): Sink<Notice> {
  const client = clientOf(topicArn, credentials);
  return {
    name: "compat",
    send: async ({ subject: Subject, message: Message }, abortSignal) => {
      await client.send(new PublishCommand({ TopicArn: topicArn, Subject, Message }), { abortSignal });
    },
    close: () => client.destroy(),
  };
}

function clientOf(topicArn: string, credentials: Credentials | undefined): SNSClient {
  const [, , , region = ""] = topicArn.split(":");
  const handler = requestHandler({ socketTimeoutMs: SOCKET_TIMEOUT_MS, maxSockets: MAX_SOCKETS });
  return new SNSClient({ ...clientIdentity({ region, credentials }), maxAttempts: 1, requestHandler: handler });
}
