import type convict from "convict";

import type { CompatKeys, EmfKeys, NotifyKeys } from "./config.ts";
import { OUTPUT_LAYOUTS } from "./config.ts";

/** The keys under `notify`: who is told what becomes of jobs (docs/events.md). */
export const notify: convict.Schema<NotifyKeys> = {
  topicArn: {
    doc: "ARN of the SNS topic that is told what becomes of jobs",
    format: "topic",
    env: "LADDERD_NOTIFY_TOPIC_ARN",
    default: undefined,
  },
  eventBusArn: {
    doc: "ARN of the EventBridge event bus that is told what becomes of jobs",
    format: "event-bus",
    env: "LADDERD_NOTIFY_EVENT_BUS_ARN",
    default: undefined,
  },
  webhook: {
    url: {
      doc: "URL that is told by POST; https outside development",
      format: "url",
      env: "LADDERD_NOTIFY_WEBHOOK_URL",
      default: undefined,
    },
    secret: {
      doc: "what signs it, as env:NAME or file:/path; the URL needs it",
      format: "secret-reference",
      env: "LADDERD_NOTIFY_WEBHOOK_SECRET",
      default: undefined,
    },
  },
};

/** The keys under `compat`: what was written for Elastic Transcoder and stays as it is. */
export const compat: convict.Schema<CompatKeys> = {
  notifications: {
    doc: "ARN of the SNS topic that gets Elastic Transcoder's own messages when a job is done, for subscribers that were written for it",
    format: "topic",
    env: "LADDERD_COMPAT_NOTIFICATIONS",
    default: undefined,
  },
  outputLayout: {
    doc: "names and container of HLS: ladderd, or elastic-transcoder (KEY_v4.m3u8, KEY_iframe.m3u8, KEY00000.ts) for players that know it",
    format: [...OUTPUT_LAYOUTS],
    env: "LADDERD_COMPAT_OUTPUT_LAYOUT",
    default: "ladderd",
  },
};

/** The keys under `emf`: metrics that CloudWatch reads out of the log (docs/operations.md). */
export const emf: convict.Schema<EmfKeys> = {
  namespace: {
    doc: "CloudWatch namespace of the metrics that a worker logs once a minute for CloudWatch to read; off unless it is set",
    format: "namespace",
    env: "LADDERD_EMF_NAMESPACE",
    default: undefined,
  },
};
