import { createHmac } from "node:crypto";
import type { Sink } from "./outbox.ts";
import { UndeliverableError } from "./outbox.ts";

export interface WebhookOptions {
  readonly url: string;
  /** Read anew for each try, so that a mounted secret may change. */
  readonly secret: () => Promise<string>;
  readonly nowMs?: () => number;
}

const MS_PER_SECOND = 1000;
/** RFC 9110: what a later try may find changed. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/** The signature of a body sent at a Unix time: HMAC-SHA256 over "<timestamp>.<body>", in hex. */
export const signatureOf = (secret: string, timestamp: string, body: string): string =>
  createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");

/**
 * Posts notifications to one URL, signed. No redirect is followed: what is told goes to the host that was configured or to
 * none. Errors name statuses, never the URL, its answer or the secret.
 */
export const webhookSink = ({ url, secret, nowMs = Date.now }: WebhookOptions): Sink => ({
  name: "webhook",
  send: async (notification, signal) => {
    const body = JSON.stringify(notification);
    const timestamp = `${Math.floor(nowMs() / MS_PER_SECOND)}`;
    const signature = signatureOf(await secret(), timestamp, body);
    const response = await fetch(url, {
      method: "POST",
      redirect: "error",
      signal,
      headers: {
        "content-type": "application/json",
        "ladderd-event": notification.event,
        "ladderd-id": notification.id,
        "ladderd-timestamp": timestamp,
        "ladderd-signature": `v1=${signature}`,
      },
      body,
    });
    // Nothing in the answer matters, however long it is.
    await response.body?.cancel();
    if (response.ok) return;
    const isFinal = response.status < 500 && !PASSING.has(response.status);
    throw isFinal ? new UndeliverableError(`the webhook answers ${response.status}`) : new Error(`the webhook answers ${response.status}`);
  },
  close: () => {},
});
