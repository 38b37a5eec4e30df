import { once } from "node:events";
import { createServer } from "node:net";
import type { FauxqsServer } from "fauxqs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { createSqsClient } from "../../../src/aws/clients.ts";
import { createDepthReader } from "../../../src/aws/queue-depths.ts";
import { createQueue } from "../../../src/aws/sqs-queue.ts";
import { LeaseLostError } from "../../../src/domain/errors.ts";
import { aWorker, DEAD_LETTERS, QUEUE, startQueues, useEndpoint } from "../queue/fixture.ts";

let server: FauxqsServer;
let queueUrl: string;
let worker: ReturnType<typeof aWorker>;

beforeEach(async () => {
  ({ server, queueUrl } = await startQueues());
  worker = aWorker(queueUrl);
});
afterEach(async () => {
  worker.end();
  await server.stop();
  vi.unstubAllEnvs();
});

async function receive(): Promise<string> {
  server.sendMessage(QUEUE, "body");
  const { Messages } = await worker.client.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 1 }));
  return Messages?.[0]?.ReceiptHandle ?? "";
}

describe("the queue", () => {
  test("knows its dead-letter queue and its visibility", async () => {
    const facts = await worker.queue.checkQueue();
    expect(facts).toEqual({
      visibilitySeconds: 30,
      approximateMessages: 0,
      maxReceiveCount: 10,
      deadLetterQueueUrl: expect.stringMatching(new RegExp(`/${DEAD_LETTERS}$`)),
    });
  });

  test("extends and gives back what was received", async () => {
    const handle = await receive();
    await worker.queue.extend(handle, 600);
    const [hidden] = server.inspectQueue(QUEUE)?.messages.inflight ?? [];
    expect((hidden?.visibilityDeadline ?? 0) - Date.now()).toBeGreaterThan(500_000);
    await worker.queue.release(handle, 0);
    expect(server.inspectQueue(QUEUE)?.messages.ready).toHaveLength(1);
  });

  test("R-L6: extends in time while nothing else that is asked of SQS is answered", async () => {
    const handle = await receive();
    const hole = createServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1");
    await once(hole, "listening");
    const settings = { region: "us-east-1", endpointOverridden: true };
    const patience = { ...settings, maxSockets: 1, maxAttempts: 1, socketTimeoutMs: 2000 };
    const [heartbeatClient, client] = [createSqsClient(patience), createSqsClient(patience)];
    const queue = createQueue({ client, heartbeatClient, queueUrl });
    // A client asks for its endpoint at its first request.
    await queue.extend(handle, 60);
    const address = hole.address();
    useEndpoint(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
    const others = Promise.allSettled(["one", "two"].map((body) => queue.send(body)));
    await queue.extend(handle, 600);
    expect((server.inspectQueue(QUEUE)?.messages.inflight[0]?.visibilityDeadline ?? 0) - Date.now()).toBeGreaterThan(500_000);
    client.destroy();
    heartbeatClient.destroy();
    hole.close();
    expect((await others).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  });

  test("counts what waits and what is worked at", async () => {
    await receive();
    for (let index = 0; index < 3; index += 1) server.sendMessage(QUEUE, "waits");
    const read = createDepthReader(worker.client);
    expect(await read(queueUrl, new AbortController().signal)).toEqual({ visible: 3, hidden: 1 });
    await expect(read(queueUrl, AbortSignal.abort())).rejects.toThrow("abort");
  });

  test("tells of each copy that its dead-letter queue has taken, and of none where there is no such queue", async () => {
    let copies = 0;
    const clients = { client: worker.client, heartbeatClient: worker.client };
    const copy = { body: "x", code: "job_malformed", reason: "x", fingerprint: "f" } as const;
    const { queueUrl: plainUrl } = server.createQueue("plain");
    for (const url of [queueUrl, queueUrl, plainUrl]) {
      await createQueue({ ...clients, queueUrl: url, onDeadLetter: () => (copies += 1) }).quarantine(copy);
    }
    expect(copies).toBe(2);
    expect(server.inspectQueue(DEAD_LETTERS)?.messages.ready).toHaveLength(2);
  });

  test("says that the lease is lost when the message is not in flight any more", async () => {
    const handle = await receive();
    await worker.queue.delete(handle);
    await expect(worker.queue.extend(handle, 60)).rejects.toBeInstanceOf(LeaseLostError);
    await expect(worker.queue.extend("nonsense", 60)).rejects.toBeInstanceOf(LeaseLostError);
  });

  test("without a RedrivePolicy has no quarantine, and says so", async () => {
    const { queueUrl: plainUrl } = server.createQueue("plain");
    const plain = aWorker(plainUrl);
    expect(await plain.queue.checkQueue()).toEqual({ visibilitySeconds: 30, approximateMessages: 0 });
    await plain.queue.quarantine({ body: "x", code: "job_malformed", reason: "x", fingerprint: "f" });
    plain.end();
    expect(server.inspectQueue(DEAD_LETTERS)?.messages.ready).toEqual([]);
  });

  test("that does not exist is an error of the check", async () => {
    const missing = aWorker(queueUrl.replace(/jobs$/, "nowhere"));
    await expect(missing.queue.checkQueue()).rejects.toMatchObject({ name: expect.stringContaining("QueueDoesNotExist") });
    missing.end();
  });
});
