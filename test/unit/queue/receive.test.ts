import { describe, expect, test } from "vitest";
import { classifyPollError } from "../../../src/queue/poll-error.ts";
import { readMessage } from "../../../src/queue/read-message.ts";

describe("readMessage", () => {
  test("reads the attributes that SQS sends as text", () => {
    const Attributes = {
      ApproximateReceiveCount: "3",
      SentTimestamp: "1763632800000",
      ApproximateFirstReceiveTimestamp: "1763632800500",
      AWSTraceHeader: "Root=1",
    };
    expect(readMessage({ MessageId: "m", ReceiptHandle: "h", Body: "{}", MD5OfBody: "x", Attributes })).toEqual({
      messageId: "m",
      receiptHandle: "h",
      body: "{}",
      receiveCount: 3,
      sentAtMs: 1_763_632_800_000,
      firstReceivedAtMs: 1_763_632_800_500,
      traceHeader: "Root=1",
    });
  });

  test("takes a message without body and attributes as empty and received once", () => {
    expect(readMessage({ MessageId: "m", ReceiptHandle: "h" })).toEqual({ messageId: "m", receiptHandle: "h", body: "", receiveCount: 1 });
  });

  test("refuses a message that cannot be settled", () => {
    expect(() => readMessage({ MessageId: "m" })).toThrow("ReceiptHandle");
  });
});

describe("classifyPollError", () => {
  test.each([
    ["network", { code: "TimeoutError" }],
    ["network", { code: "Error" }],
    ["queue_missing", { code: "QueueDoesNotExist", statusCode: 400 }],
    ["throttled", { code: "RequestThrottled", statusCode: 403 }],
    ["denied", { code: "AccessDeniedException", statusCode: 400 }],
    ["denied", { code: "UnknownError", statusCode: 403 }],
    ["denied", { code: "CredentialsProviderError" }],
    ["other", { code: "InternalError", statusCode: 500 }],
    ["other", "text"],
  ])("gives %s for %j", (expected, error) => {
    expect(classifyPollError(error)).toBe(expected);
  });
});
