import type { DaemonConfig } from "../config/config.ts";
import { readSecret } from "../keys/read-secret.ts";
import type { Notifier } from "../notify/notifier.ts";
import { createNotifier } from "../notify/notifier.ts";
import { createOutbox } from "../notify/outbox.ts";
import { webhookSink } from "../notify/webhook.ts";
import type { Logger } from "../telemetry/logger.ts";

/** A notifier to the configured receivers; the client of a service that nobody is told by is not loaded. */
export async function openNotifier(
  { notify: { topicArn, eventBusArn, webhook }, environmentSecret }: Pick<DaemonConfig, "notify" | "environmentSecret">,
  logger: Pick<Logger, "warn">,
): Promise<Notifier> {
  const { url, secret = "" } = webhook;
  const sinks = [
    ...(topicArn === undefined ? [] : [(await import("./sns-sink.ts")).snsSink(topicArn)]),
    ...(eventBusArn === undefined ? [] : [(await import("./event-bridge-sink.ts")).eventBridgeSink(eventBusArn)]),
    // The rules of the configuration have refused a URL without its secret.
    ...(url === undefined ? [] : [webhookSink({ url, secret: async () => readSecret(secret, environmentSecret) })]),
  ];
  return createNotifier(sinks.map((sink) => createOutbox({ sink, logger })));
}
