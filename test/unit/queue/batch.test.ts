import { describe, expect, test } from "vitest";
import type { BatchRun } from "../../../src/queue/batch.ts";
import { handleBatch, keptQueue, queueNameOf, readBatch } from "../../../src/queue/batch.ts";
import { isEngineEvent } from "../../../src/queue/engine-event.ts";
import type { HandleMessage } from "../../../src/queue/handle-message.ts";
import { aQueue } from "./doubles.ts";
import { eventBridgeMessage, jobMessage, s3Message, snsMessage } from "./messages.ts";

/** As AWS documents it, values changed. */
const aLambdaRecord = (fields: object = {}) => ({
  messageId: "059f36b4-87a3-44ab-83d2-661975830a7d",
  receiptHandle: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
  body: "{}",
  attributes: {
    ApproximateReceiveCount: "2",
    SentTimestamp: "1763900000000",
    SenderId: "AIDAIENQZJOLO23YVJ4VO",
    ApproximateFirstReceiveTimestamp: "1763900001000",
  },
  messageAttributes: {},
  md5OfBody: "e4e68fb7bd0e697a0ae8f1bb342846b3",
  eventSource: "aws:sqs",
  eventSourceARN: "arn:aws:sqs:eu-central-1:123456789012:uploads-queue",
  awsRegion: "eu-central-1",
  ...fields,
});
const recordsOf = (...handles: readonly string[]) =>
  readBatch({ Records: handles.map((name) => aLambdaRecord({ messageId: `id-${name}`, receiptHandle: name })) }) ?? [];

describe("an event of Lambda", () => {
  test("of SQS is read as its messages, each with its queue", () => {
    expect(readBatch({ Records: [aLambdaRecord()] })).toStrictEqual([
      {
        messageId: "059f36b4-87a3-44ab-83d2-661975830a7d",
        receiptHandle: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        body: "{}",
        receiveCount: 2,
        sentAtMs: 1763900000000,
        firstReceivedAtMs: 1763900001000,
        queueName: "uploads-queue",
      },
    ]);
  });

  test.each([
    ["nothing", undefined],
    ["a schedule's", { "detail-type": "Scheduled Event", source: "aws.events" }],
    ["S3's, sent to the function itself", { Records: [{ eventSource: "aws:s3" }] }],
    ["SQS's without a receipt handle", { Records: [aLambdaRecord({ receiptHandle: "" })] }],
    ["another source's", { Records: [aLambdaRecord({ eventSource: "aws:kinesis" })] }],
  ])("that is %s is no batch", (_name, event) => {
    expect(readBatch(event)).toBeUndefined();
  });

  test("names its queue as the queue's URL does", () => {
    expect(queueNameOf("https://sqs.eu-central-1.amazonaws.com/123456789012/uploads-queue")).toBe("uploads-queue");
  });
});

describe("what a message tells of", () => {
  const progress = {
    source: "aws.mediaconvert",
    "detail-type": "MediaConvert Job State Change",
    detail: { jobId: "1-a", status: "PROGRESSING" },
  };
  test.each([
    ["an engine's event", JSON.stringify(progress), true],
    ["the same through SNS", snsMessage(JSON.stringify(progress)), true],
    ["an upload", s3Message({}), false],
    ["an upload through SNS", snsMessage(s3Message({})), false],
    ["an upload through EventBridge", eventBridgeMessage(), false],
    ["a job", jobMessage(), false],
    ["nothing that is known", "{", false],
  ])("is seen in %s", (_name, body, expected) => {
    expect(isEngineEvent(body)).toBe(expected);
  });
});

interface Trial {
  readonly handle: HandleMessage;
  readonly remainingMs?: () => number;
}

async function run({ handle, remainingMs = () => 600_000 }: Trial, ...handles: readonly string[]) {
  const { queue, calls } = aQueue();
  const kept = keptQueue(queue);
  const putOff: string[] = [];
  const deskOf: BatchRun["deskOf"] = () => ({
    kept,
    handle: async (message, signal) => {
      const outcome = await handle(message, signal);
      if (outcome === "published") await kept.queue.delete(message.receiptHandle);
      return outcome;
    },
  });
  const onPutOff: BatchRun["onPutOff"] = ({ messageId }) => void putOff.push(messageId);
  const answer = await handleBatch(recordsOf(...handles), { deskOf, remainingMs, onPutOff });
  return { failed: answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier), calls, putOff };
}

describe("a batch", () => {
  test("that is done names no failure, and deletes nothing itself", async () => {
    expect(await run({ handle: async () => "published" }, "a", "b")).toStrictEqual({ failed: [], calls: [], putOff: [] });
  });

  test("names only the messages that were not settled for good", async () => {
    const handle: HandleMessage = async ({ receiptHandle }) => (receiptHandle === "b" ? "released" : "published");
    expect((await run({ handle }, "a", "b", "c")).failed).toStrictEqual(["id-b"]);
  });

  test("goes on behind a handler that throws", async () => {
    const handle: HandleMessage = async ({ receiptHandle }) => {
      if (receiptHandle === "a") throw new Error("a defect");
      return "published";
    };
    expect((await run({ handle }, "a", "b")).failed).toStrictEqual(["id-a"]);
  });

  test("gives back at once what the function's time does not reach for", async () => {
    let leftMs = 40_000;
    const begun: string[] = [];
    const handle: HandleMessage = async ({ receiptHandle }) => {
      begun.push(receiptHandle);
      leftMs -= 20_000;
      return "published";
    };
    const { failed, calls, putOff } = await run({ handle, remainingMs: () => leftMs }, "a", "b", "c");
    expect(begun).toStrictEqual(["a"]);
    expect(failed).toStrictEqual(["id-b", "id-c"]);
    expect(putOff).toStrictEqual(failed);
    expect(calls).toStrictEqual(["release 0", "release 0"]);
  });

  test("interrupts what runs while there is time to give it back", async () => {
    // More than a beginning asks for at first, and ten seconds before the end at once.
    const times = [10_000, 600_000];
    const handle: HandleMessage = async (_message, signal) => {
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      expect(signal.reason).toMatchObject({ code: "shutdown" });
      return "released";
    };
    expect((await run({ handle, remainingMs: () => times.shift() ?? 600_000 }, "a")).failed).toStrictEqual(["id-a"]);
  });
});
