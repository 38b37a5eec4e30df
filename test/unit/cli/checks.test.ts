import { describe, expect, it } from "vitest";

import { judgeQueue } from "../../../src/cli/aws-checks.ts";
import { describeFinding, runCheck } from "../../../src/cli/checks.ts";

const running = new AbortController().signal;
const facts = { visibilitySeconds: 300, deadLetterQueueUrl: "https://dlq", maxReceiveCount: 10, approximateMessages: 3 };

describe("runCheck", () => {
  it("makes a finding of an error, with the cause that says more", async () => {
    const error = new Error("S3 does not serve", { cause: new Error("getaddrinfo ENOTFOUND\n  at …") });
    expect(await runCheck({ name: "queue", run: () => Promise.reject(error) }, running)).toEqual({
      name: "queue",
      status: "failed",
      detail: "S3 does not serve: getaddrinfo ENOTFOUND",
    });
  });

  it("passes an interruption on", async () => {
    const reason = new Error("interrupted");
    const check = { name: "slow", run: (signal: AbortSignal) => Promise.reject(signal.reason) };
    await expect(runCheck(check, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe("describeFinding", () => {
  it.each([
    ["ok", "✓"],
    ["warning", "!"],
    ["failed", "✗"],
    ["skipped", "–"],
  ] as const)("marks %s with %s", (status, mark) => {
    expect(describeFinding({ name: "queue", status, detail: "so" })).toMatch(new RegExp(`^${mark} queue +so$`));
  });
});

describe("judgeQueue", () => {
  it("is content with a dead-letter queue after ten receives", () => {
    expect(judgeQueue(facts, 300)).toEqual({ status: "ok", detail: "3 messages, lease 300 s" });
  });

  it.each([
    ["no dead-letter queue", { visibilitySeconds: 300, approximateMessages: 0 }, "no dead-letter queue"],
    ["few receives", { ...facts, maxReceiveCount: 3 }, "maxReceiveCount 3"],
    ["a short visibility", { ...facts, visibilitySeconds: 5 }, "visibility of 5 s"],
  ])("warns of %s", (_, given, detail) => {
    expect(judgeQueue(given, 300)).toEqual({ status: "warning", detail: expect.stringContaining(detail) });
  });
});
