import type { FauxqsServer } from "fauxqs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createSqsClient } from "../../../src/aws/clients.ts";
import { createSqsDeadLetters } from "../../../src/aws/sqs-dead-letters.ts";
import type { RedriveChoice } from "../../../src/queue/failure-groups.ts";
import { redrive } from "../../../src/queue/redrive.ts";
import { forAll } from "../../../src/publish/revision-objects.ts";
import { failureReader, forgiver } from "../../../src/state/forgive.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { aWorker, DEAD_LETTERS, QUEUE, startQueues } from "./fixture.ts";

const { signal } = new AbortController();
const RULES = { uploadBuckets: ["uploads"], publishBucket: "published" };
const bodyOf = (index: number): string => JSON.stringify({ ladderd: 1, source: { bucket: "uploads", key: `clip-${index}.mp4` } });

let server: FauxqsServer;
let worker: ReturnType<typeof aWorker>;
let queueUrl: string;
let deadLetterQueueUrl: string;

beforeEach(async () => {
  ({ server, queueUrl } = await startQueues());
  worker = aWorker(queueUrl);
  deadLetterQueueUrl = (await worker.queue.checkQueue()).deadLetterQueueUrl ?? "";
});
afterEach(async () => {
  worker.end();
  await server.stop();
  vi.unstubAllEnvs();
});

/** Every request to SQS that a redrive makes. */
let requests: string[] = [];

const run = async (choice: RedriveChoice) => {
  const store = memoryStore();
  requests = [];
  const client = createSqsClient({ region: "us-east-1", endpointOverridden: true, onRequest: ({ operation }) => requests.push(operation) });
  const letters = createSqsDeadLetters({ client, deadLetterQueueUrl, queueUrl });
  try {
    return await redrive({ letters, choice, rules: RULES, readFailure: failureReader(store), forgive: forgiver(store) }, signal);
  } finally {
    client.destroy();
  }
};

const counted = (): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(Object.groupBy(requests, (name) => name)).map(([name, made]) => [name, made?.length ?? 0]));

async function giveUp(
  indexes: readonly number[],
  failure: { code: "source_encrypted" | "source_empty"; fingerprint: string },
): Promise<void> {
  await forAll(indexes, 20, async (index) => worker.queue.quarantine({ body: bodyOf(index), reason: `file ${index}`, ...failure }));
}

const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, index) => from + index);
const bodiesIn = (name: string): readonly string[] => (server.inspectQueue(name)?.messages.ready ?? []).map(({ body }) => body).toSorted();

describe("a dead-letter queue", () => {
  test("of more than a thousand messages is read whole, and one group of it sent back", { timeout: 120_000 }, async () => {
    await giveUp(range(0, 1010), { code: "source_encrypted", fingerprint: "aaaa" });
    await giveUp(range(1010, 1013), { code: "source_empty", fingerprint: "bbbb" });
    server.sendMessage(DEAD_LETTERS, bodyOf(2000));

    const shown = await run({ kind: "none" });
    expect(shown.groups.map(({ fingerprint, count, code }) => [fingerprint, count, code])).toStrictEqual([
      ["aaaa", 1010, "source_encrypted"],
      ["bbbb", 3, "source_empty"],
      [expect.any(String), 1, "unknown"],
    ]);
    // A receive and a giving back for ten, and three receives that bring nothing.
    expect(counted()).toStrictEqual({ GetQueueAttributes: 1, ReceiveMessage: 105, ChangeMessageVisibilityBatch: 102 });
    expect(shown.place).toMatchObject({ visible: 1014, hidden: 0 });
    expect(bodiesIn(DEAD_LETTERS)).toHaveLength(1014);
    expect(bodiesIn(QUEUE)).toHaveLength(0);

    const sent = await run({ kind: "some", code: "source_encrypted" });
    expect(sent).toMatchObject({ seen: 1014, sentBack: 1010, kept: 0 });
    const once = { SendMessage: 1010, DeleteMessage: 1010, ChangeMessageVisibilityBatch: 1 };
    expect(counted()).toStrictEqual({ GetQueueAttributes: 1, ReceiveMessage: 105, ...once });
    expect(bodiesIn(QUEUE)).toStrictEqual(range(0, 1010).map(bodyOf).toSorted());
    expect(bodiesIn(DEAD_LETTERS)).toStrictEqual([...range(1010, 1013), 2000].map(bodyOf).toSorted());
  });

  test("says how many letters another reader holds", async () => {
    await giveUp([1, 2], { code: "source_empty", fingerprint: "bbbb" });
    const other = createSqsDeadLetters({ client: worker.client, deadLetterQueueUrl, queueUrl });
    const held = await other.receive(signal);
    const { place, seen } = await run({ kind: "none" });
    expect({ hidden: place.hidden, seen }).toStrictEqual({ hidden: held.length, seen: 2 - held.length });
  });
});
