import { createHmac } from "node:crypto";
import { once } from "node:events";
import type { RequestListener } from "node:http";
import { createServer } from "node:http";
import { SQSClient } from "@aws-sdk/client-sqs";
import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { openNotifier } from "../../../src/aws/open-notifier.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { notificationSchema } from "../../../src/notify/notification.ts";
import type { JobEvent } from "../../../src/pipeline/ports.ts";
import { clientSettings, startTestAws } from "../../support/embedded-aws.ts";
import { topicInto } from "../../support/fake-elastic-transcoder.ts";
import { scriptedService } from "../../support/scripted-service.ts";
import { makeQueue, receive } from "../../support/queue.ts";

const STARTED: JobEvent = { kind: "started", jobId: "j", bucket: "uploads", sourceKey: "film.mp4" };
const SECRET = "s3cret-of-the-test";
const putEvents = z.object({
  Entries: z.tuple([
    z.object({ EventBusName: z.string(), Source: z.string(), DetailType: z.string(), Detail: z.string(), Time: z.number() }),
  ]),
});
const TIMEOUT_MS = 120_000;

afterEach(() => vi.unstubAllEnvs());

interface Delivery {
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** A receiver on loopback; the n-th request gets the n-th answer, the last one again. */
async function aReceiver(answers: readonly RequestListener[]) {
  const deliveries: Delivery[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const answer = answers[Math.min(deliveries.length, answers.length - 1)];
      deliveries.push({ body: Buffer.concat(chunks).toString(), headers: request.headers });
      answer?.(request, response);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    deliveries,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const answer =
  (status: number, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(status, headers).end("x");

const NO_COMPAT = { compat: {}, elasticTranscoder: loadConfig({ env: {} }).elasticTranscoder };

function aNotifier(url: string) {
  const warn = vi.fn<(facts: unknown, message?: string) => void>();
  const notify = { webhook: { url, secret: "env:HOOK_SECRET" } };
  const opened = openNotifier(
    { ...NO_COMPAT, notify, environmentSecret: (name) => (name === "HOOK_SECRET" ? SECRET : undefined) },
    { warn },
  );
  return { opened, warn };
}

test(
  "a topic of the configuration gets the notification, with its event as an attribute",
  async () => {
    await using aws = await startTestAws();
    const sqs = new SQSClient(clientSettings(aws));
    try {
      for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
      const queueUrl = await makeQueue({ sqs, aws }, "told", 30);
      const topicArn = await topicInto(aws, queueUrl, "tidings");
      const notifier = await openNotifier(
        { ...NO_COMPAT, notify: { topicArn, webhook: {} }, environmentSecret: () => undefined },
        { warn: () => {} },
      );
      notifier.job(STARTED);
      const { Body = "" } = await receive({ sqs, aws }, queueUrl, 30_000);
      await notifier.close();
      const envelope = JSON.parse(Body);
      expect(notificationSchema.parse(JSON.parse(envelope.Message))).toMatchObject({ event: "started", jobId: "j" });
      expect(envelope.MessageAttributes).toEqual({ event: { Type: "String", Value: "started" } });
    } finally {
      sqs.destroy();
    }
  },
  TIMEOUT_MS,
);

test(
  "an event bus of the configuration gets the notification as detail, again when it did not take it",
  async () => {
    const refusal = { FailedEntryCount: 1, Entries: [{ ErrorCode: "ThrottlingException", ErrorMessage: "slower" }] };
    const taken = { FailedEntryCount: 0, Entries: [{ EventId: "1" }] };
    await using service = await scriptedService((_, count) => ({ status: 200, body: count === 1 ? refusal : taken }));
    vi.stubEnv("AWS_ENDPOINT_URL_EVENTBRIDGE", service.url);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
    const eventBusArn = "arn:aws:events:eu-west-1:111122223333:event-bus/films";
    const warn = vi.fn<(facts: unknown, message?: string) => void>();
    const notifier = await openNotifier(
      { ...NO_COMPAT, notify: { eventBusArn, webhook: {} }, environmentSecret: () => undefined },
      { warn },
    );
    notifier.job(STARTED);
    await vi.waitFor(() => expect(service.requests).toHaveLength(2), { timeout: 30_000 });
    await notifier.close();
    const [first, second] = service.requests.map(({ body }) => putEvents.parse(body).Entries[0]);
    expect(second).toEqual(first);
    expect(first).toMatchObject({ EventBusName: eventBusArn, Source: "ladderd", DetailType: "ladderd job started" });
    const detail = notificationSchema.parse(JSON.parse(first?.Detail ?? ""));
    expect(detail).toMatchObject({ event: "started", jobId: "j", source: { bucket: "uploads", key: "film.mp4" } });
    expect(first?.Time).toBe(Date.parse(detail.time) / 1000);
    expect(warn).not.toHaveBeenCalled();
  },
  TIMEOUT_MS,
);

test(
  "a webhook that answers 500 is told again, signed over timestamp and body",
  async () => {
    await using receiver = await aReceiver([answer(500), answer(204)]);
    const { opened, warn } = aNotifier(receiver.url);
    const notifier = await opened;
    notifier.job(STARTED);
    await vi.waitFor(() => expect(receiver.deliveries).toHaveLength(2), { timeout: 30_000 });
    await notifier.close();
    const [first, second] = receiver.deliveries;
    expect(second?.body).toBe(first?.body);
    const { "ladderd-timestamp": timestamp, "ladderd-signature": signature, "ladderd-event": event } = second?.headers ?? {};
    const expected = createHmac("sha256", SECRET)
      .update(`${String(timestamp)}.${second?.body}`)
      .digest("hex");
    expect({ signature, event }).toEqual({ signature: `v1=${expected}`, event: "started" });
    expect(warn).not.toHaveBeenCalled();
  },
  TIMEOUT_MS,
);

test(
  "a webhook that refuses or redirects gets nothing more and no log line holds the secret",
  async () => {
    await using elsewhere = await aReceiver([answer(200)]);
    await using receiver = await aReceiver([answer(400), answer(307, { location: elsewhere.url })]);
    const { opened, warn } = aNotifier(receiver.url);
    const notifier = await opened;
    notifier.job(STARTED);
    notifier.job(STARTED);
    await vi.waitFor(() => expect(receiver.deliveries.length).toBeGreaterThanOrEqual(2), { timeout: 30_000 });
    await notifier.close();
    expect(elsewhere.deliveries).toEqual([]);
    expect(warn.mock.calls.length).toBeGreaterThanOrEqual(1);
    expect(JSON.stringify(warn.mock.calls)).not.toContain(SECRET);
  },
  TIMEOUT_MS,
);

test(
  "a webhook that stalls holds nobody up, at the stop neither",
  async () => {
    await using receiver = await aReceiver([() => {}]);
    const { opened, warn } = aNotifier(receiver.url);
    const notifier = await opened;
    notifier.job(STARTED);
    notifier.job(STARTED);
    await vi.waitFor(() => expect(receiver.deliveries).toHaveLength(1), { timeout: 30_000 });
    await notifier.close();
    expect(receiver.deliveries).toHaveLength(1);
    expect(warn).toHaveBeenCalledWith(expect.objectContaining({ waiting: 1 }), "notifications dropped at the stop");
  },
  TIMEOUT_MS,
);
