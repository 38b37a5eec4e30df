import type { DaemonConfig } from "../config/config.ts";
import { loadPresets } from "../config/elastic-presets.ts";
import { readSecret } from "../keys/read-secret.ts";
import type { Compat } from "../notify/compat.ts";
import type { Notifier } from "../notify/notifier.ts";
import { createNotifier } from "../notify/notifier.ts";
import { createOutbox } from "../notify/outbox.ts";
import { webhookSink } from "../notify/webhook.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Credentials } from "./credentials.ts";

type NotifierConfig = Pick<DaemonConfig, "notify" | "environmentSecret" | "elasticTranscoder"> & {
  readonly compat: Pick<DaemonConfig["compat"], "notifications">;
};

/** A notifier to the configured receivers; the client of a service that nobody is told by is not loaded. */
export async function openNotifier(config: NotifierConfig, logger: Pick<Logger, "warn">, credentials?: Credentials): Promise<Notifier> {
  const { environmentSecret } = config;
  const { topicArn, eventBusArn, webhook } = config.notify;
  const { url, secret = "" } = webhook;
  const sinks = [
    ...(topicArn === undefined ? [] : [(await import("./sns-sink.ts")).snsSink(topicArn, credentials)]),
    ...(eventBusArn === undefined ? [] : [(await import("./event-bridge-sink.ts")).eventBridgeSink(eventBusArn, credentials)]),
    // The rules of the configuration have refused a URL without its secret.
    ...(url === undefined ? [] : [webhookSink({ url, secret: async () => readSecret(secret, environmentSecret) })]),
  ];
  return createNotifier(
    sinks.map((sink) => createOutbox({ sink, logger })),
    { compat: await openCompat(config, { logger, credentials }) },
  );
}

/** Where no pipeline is configured subscribers get an id that was none. */
const NO_PIPELINE = "0000000000000-000000";

async function openCompat(
  config: NotifierConfig,
  { logger, credentials }: { readonly logger: Pick<Logger, "warn">; readonly credentials: Credentials | undefined },
): Promise<Compat | undefined> {
  const { notifications } = config.compat;
  if (notifications === undefined) return undefined;
  const { compatSink } = await import("./sns-sink.ts");
  const { pipelineId = NO_PIPELINE } = config.elasticTranscoder;
  return { outbox: createOutbox({ sink: compatSink(notifications, credentials), logger }), pipelineId, presets: loadPresets(config) };
}
