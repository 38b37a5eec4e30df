import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { Notification } from "../notify/notification.ts";
import type { Sink } from "../notify/outbox.ts";
import type { Credentials } from "./credentials.ts";
import { clientIdentity, requestHandler } from "./clients.ts";

const SOCKET_TIMEOUT_MS = 5000;
const MAX_SOCKETS = 2;
/** What a rule matches on, with the detail type. */
const SOURCE = "ladderd";

/**
 * Puts notifications on an event bus, in the region of its ARN: source "ladderd", detail type "ladderd job <event>", the
 * notification as detail. One attempt: the outbox tries again. Throws as well for an entry that EventBridge did not take: it
 * answers 200 then.
 */
export function eventBridgeSink(eventBusArn: string, credentials?: Credentials): Sink {
  const [, , , region = ""] = eventBusArn.split(":");
  const client = new EventBridgeClient({
    ...clientIdentity({ region, credentials }),
    maxAttempts: 1,
    requestHandler: requestHandler({ socketTimeoutMs: SOCKET_TIMEOUT_MS, maxSockets: MAX_SOCKETS }),
  });
  return {
    name: "eventbridge",
    send: async (notification, abortSignal) => {
      const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: [entryOf(notification, eventBusArn)] }), { abortSignal });
      const refused = Entries.find(({ EventId }) => EventId === undefined);
      if (refused) throw new Error(`EventBridge took no event: ${refused.ErrorCode ?? "no code"}: ${refused.ErrorMessage ?? "no reason"}`);
    },
    close: () => client.destroy(),
  };
}

const entryOf = (notification: Notification, eventBusArn: string) => ({
  EventBusName: eventBusArn,
  Source: SOURCE,
  DetailType: `ladderd job ${notification.event}`,
  Time: new Date(notification.time),
  Detail: JSON.stringify(notification),
});
