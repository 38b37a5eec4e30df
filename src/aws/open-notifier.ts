import type { DaemonConfig } from "../config/config.ts";
import { readSecret } from "../keys/read-secret.ts";
import type { Notifier } from "../notify/notifier.ts";
import { createNotifier } from "../notify/notifier.ts";
import { createOutbox } from "../notify/outbox.ts";
import { webhookSink } from "../notify/webhook.ts";
import type { Logger } from "../telemetry/logger.ts";

/** A notifier to the configured receivers; code of SNS is not loaded without a topic. */
export async function openNotifier(
  { notify: { topicArn, webhook }, environmentSecret }: Pick<DaemonConfig, "notify" | "environmentSecret">,
  logger: Pick<Logger, "warn">,
): Promise<Notifier> {
  const { url, secret = "" } = webhook;
  const sinks = [
    ...(topicArn === undefined ? [] : [(await import("./sns-sink.ts")).snsSink(topicArn)]),
    // The rules of the configuration have refused a URL without its secret.
    ...(url === undefined ? [] : [webhookSink({ url, secret: async () => readSecret(secret, environmentSecret) })]),
  ];
  return createNotifier(sinks.map((sink) => createOutbox({ sink, logger })));
}
