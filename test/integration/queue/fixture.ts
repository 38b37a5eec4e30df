import type { FauxqsServer } from "fauxqs";
import { startFauxqs } from "fauxqs";
import { vi } from "vitest";
import type { ConsumersOptions, PollEvent } from "../../../src/queue/consumers.ts";
import { startConsumers } from "../../../src/queue/consumers.ts";
import { createQueue } from "../../../src/aws/sqs-queue.ts";
import { createSqsClient } from "../../../src/aws/clients.ts";
import { aLog } from "../../unit/queue/doubles.ts";

export const QUEUE = "jobs";
export const DEAD_LETTERS = "jobs-dlq";

/** The environment every SDK client of this process then reads; `vi.unstubAllEnvs` ends it. */
export function useEndpoint(endpoint: string): void {
  vi.stubEnv("AWS_ENDPOINT_URL", endpoint);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
}

/** An emulated queue with a dead-letter queue. */
export async function startQueues(): Promise<{ server: FauxqsServer; queueUrl: string }> {
  const server = await startFauxqs({ port: 0, logger: false, host: "127.0.0.1" });
  const { queueArn } = server.createQueue(DEAD_LETTERS);
  const { queueUrl } = server.createQueue(QUEUE, {
    attributes: { VisibilityTimeout: "30", RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn, maxReceiveCount: 10 }) },
  });
  useEndpoint(server.address);
  return { server, queueUrl };
}

/** The clients a worker makes; `end` destroys them. */
export function aWorker(queueUrl: string, settings: { socketTimeoutMs?: number } = {}) {
  const common = { region: "us-east-1", endpointOverridden: true, ...settings };
  const receiver = createSqsClient({ ...common, maxAttempts: 1 });
  const client = createSqsClient(common);
  const heartbeatClient = createSqsClient(common);
  const queue = createQueue({ client, heartbeatClient, queueUrl });
  const { logger, lines } = aLog();
  const events: PollEvent[] = [];
  return {
    queue,
    client,
    logger,
    lines,
    events,
    start: (options: Partial<ConsumersOptions> & Pick<ConsumersOptions, "handle">) =>
      startConsumers({
        queueUrl,
        client: receiver,
        queue,
        slots: 1,
        visibilitySeconds: 30,
        waitTimeSeconds: 2,
        logger,
        report: (event) => events.push(event),
        ...options,
      }),
    end: () => {
      for (const one of [receiver, client, heartbeatClient]) one.destroy();
    },
  };
}

/** Resolves when `condition` holds; fails after ten seconds. */
export const eventually = async (condition: () => boolean): Promise<void> => {
  await vi.waitUntil(condition, { timeout: 10_000, interval: 10 });
};
