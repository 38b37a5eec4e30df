import { describe, expect, test, vi } from "vitest";
import type { WorkerJob } from "../../../src/domain/job.ts";
import type { IntakeRules } from "../../../src/queue/entry.ts";
import { createMessageHandler } from "../../../src/queue/handle-message.ts";
import type { RunJob } from "../../../src/queue/run-entries.ts";
import { createFailureStore } from "../../../src/state/failures.ts";
import { aLog, aMessage, aQueue, aTextStore } from "./doubles.ts";
import { aRecord, eventBridgeMessage, jobMessage, RULES, s3Message, snsMessage } from "./messages.ts";

const keyOf = (job: WorkerJob): string => ("source" in job ? job.source : job.subtitles).key;

/** Receives a body once. `keys` are those of the jobs that ran, the only place from which AWS is asked for a source. */
async function receive(body: string, rules: IntakeRules = RULES) {
  const keys: string[] = [];
  const runJob = vi.fn<RunJob>(async (job) => {
    keys.push(keyOf(job));
    return "published";
  });
  const { queue, calls, quarantined } = aQueue();
  const { store, texts } = aTextStore();
  const { logger, lines } = aLog();
  const handle = createMessageHandler({
    rules,
    runJob,
    queue,
    failures: createFailureStore(store),
    lease: { visibilitySeconds: 300, everySeconds: 60, marginSeconds: 60 },
    maxFailures: 3,
    logger,
    report: () => {},
  });
  const outcome = await handle(aMessage({ body }), new AbortController().signal);
  return { outcome, calls, quarantined, records: [...texts.values()].map(({ text }) => text), lines, keys };
}

/** One receive, one record, one copy that says why, deleted; nothing else was asked of anybody. */
async function expectRejected(body: string, code: string, rules?: IntakeRules): Promise<void> {
  const { outcome, calls, quarantined, records, lines, keys } = await receive(body, rules);
  expect({ outcome, calls, keys }).toEqual({ outcome: "rejected", calls: [`quarantine ${code}`, "delete"], keys: [] });
  expect(records.map((record) => JSON.parse(record).code)).toEqual([code]);
  expect(quarantined).toMatchObject([{ body, code, reason: expect.stringMatching(/\w/) }]);
  expect(lines).toMatchObject([{ level: "warn", code }]);
}

async function expectIgnored(body: string, { rules, level = "info" }: { rules?: IntakeRules; level?: string } = {}): Promise<void> {
  const { outcome, calls, records, lines, keys } = await receive(body, rules);
  expect({ outcome, calls, keys, records }).toEqual({ outcome: "ignored", calls: ["delete"], keys: [], records: [] });
  expect(lines).toMatchObject([{ level, reasons: [expect.stringMatching(/\w/)] }]);
}

async function expectJob(body: string, key: string): Promise<void> {
  const { outcome, calls, keys } = await receive(body);
  expect({ outcome, calls, keys }).toEqual({ outcome: "published", calls: ["delete"], keys: [key] });
}

const event = (changes: Readonly<Record<string, unknown>>): string => s3Message(aRecord({}, changes));
const without = (field: string): string => s3Message(aRecord({ [field]: undefined }));

describe("a message is rejected at its first receive", () => {
  const table: readonly (readonly [what: string, body: string, code?: string])[] = [
    ["bad input 1: nothing", ""],
    ["bad input 1: white space", " \r\n\t "],
    ["bad input 2: no JSON", "upload of clip.mp4"],
    ["bad input 2: JSON that is cut", s3Message(aRecord()).slice(0, -10)],
    ["bad input 2: JSON after a byte order mark", `\uFEFF${s3Message(aRecord())}`],
    ["bad input 3: null", "null"],
    ["bad input 3: an array", "[]"],
    ["bad input 3: a text", '"x"'],
    ["bad input 3: a number", "42"],
    ["bad input 5: an SNS envelope around no JSON", snsMessage("{")],
    ["bad input 6: wrapped three times by SNS", snsMessage(snsMessage(snsMessage(s3Message(aRecord())))), "job_unsupported_event"],
    ["bad input 12: another major version of the event", event({ eventVersion: "3.0" }), "job_unsupported_event"],
    ["bad input 14: another event source", event({ eventSource: "aws:ses" }), "job_unsupported_event"],
    ["bad input 15: no bucket", event({ s3: { object: { key: "k", size: 1 } } })],
    ["bad input 15: no object", event({ s3: { bucket: { name: "uploads" } } })],
    ["bad input 15: no key", without("key")],
    ["bad input 15: no size", without("size")],
    ["bad input 16: ten thousand levels", `{"Records":${"[".repeat(10_000)}${"]".repeat(10_000)}}`],
    ["bad input 16: above 1 MiB", `${jobMessage({})}${" ".repeat(1024 * 1024)}`],
    ["bad input 16: a hundred thousand records", `{"Records":[${"{},".repeat(100_000)}{}]}`],
    [
      "bad input 20: an event of a bucket that is not on the list",
      event({ s3: { bucket: { name: "theirs" }, object: { key: "k", size: 1 } } }),
      "job_bucket_not_allowed",
    ],
    [
      "bad input 20: a job in a bucket that is not on the list",
      jobMessage({ source: { bucket: "theirs", key: "k" } }),
      "job_bucket_not_allowed",
    ],
    ["bad input 23: a percent sign without digits", s3Message(aRecord({ key: "%zz" }))],
    ["bad input 23: bytes that are not UTF-8", s3Message(aRecord({ key: "a%C3%28.mp4" }))],
    ["bad input 23: half a surrogate pair", eventBridgeMessage({ key: "\uD800" })],
    ["bad input 26: 1025 bytes of key", s3Message(aRecord({ key: "a".repeat(1025) }))],
  ];
  const complete = table.map(([what, body, code = "job_malformed"]) => [what, body, code] as const);
  test.each(complete)("%s", (_what, body, code) => expectRejected(body, code));

  test("bad input 21: an event of another region than the configured one", async () => {
    const rules = { ...RULES, region: "us-east-1" };
    await expectRejected(s3Message(aRecord()), "job_bucket_not_allowed", rules);
    await expectRejected(eventBridgeMessage(), "job_bucket_not_allowed", rules);
  });

  test("bad input 25: the record of a hostile message shows its controls and turned text written out", async () => {
    const body = JSON.stringify({ ladderd: 1, source: { bucket: "\u001B[2J\r\n\u202E\u2028", key: "k" } });
    const { records, quarantined } = await receive(body);
    expect(records).toHaveLength(1);
    for (const text of [...records, quarantined[0]?.reason ?? ""]) expect(text.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\u2028](?<!\n)/u);
  });
});

describe("a message is none of our business", () => {
  test.each<readonly [what: string, body: string]>([
    ["bad input 4: S3's test event", '{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"uploads"}'],
    ["bad input 8: another event of EventBridge", eventBridgeMessage({}, { "detail-type": "Object Deleted" })],
    ["bad input 9: no records", s3Message()],
    ["bad input 13: a removed object", event({ eventName: "ObjectRemoved:Delete", s3: {} })],
    ["bad input 13: an expired object", event({ eventName: "LifecycleExpiration:Delete", s3: {} })],
    ["bad input 13: a tagged object", event({ eventName: "ObjectTagging:Put", s3: {} })],
    ["bad input 28: a folder marker", s3Message(aRecord({ key: "folder/" }))],
  ])("%s", (_what, body) => expectIgnored(body));

  test("bad input 29: what we published ourselves, with a warning", async () => {
    const rules = { uploadBuckets: ["uploads"], publishBucket: "uploads", publishPrefix: "out/" };
    await expectIgnored(s3Message(aRecord({ key: "out/clip/r/1/v720/1.m4s" })), { rules, level: "warn" });
  });
});

describe("a message is a job", () => {
  const table: readonly (readonly [what: string, body: string, key?: string])[] = [
    ["bad input 6: wrapped twice by SNS", snsMessage(snsMessage(s3Message(aRecord())))],
    ["bad input 7: of EventBridge, whose key is not encoded", eventBridgeMessage({ key: "a+b c%2B.mp4" }), "a+b c%2B.mp4"],
    ["bad input 11: of a later minor version", event({ eventVersion: "2.9" })],
    [
      "bad input 17: that names the prototype",
      s3Message(aRecord()).replace("{", '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},'),
    ],
    ["bad input 22: with a key that was encoded", s3Message(aRecord({ key: "a%2Bb+c%252B.mp4" })), "a+b c%2B.mp4"],
    ["bad input 24: that climbs", s3Message(aRecord({ key: "../../x" })), "../../x"],
    ["bad input 24: that begins at the root", s3Message(aRecord({ key: "/abs" })), "/abs"],
    ["bad input 24: with empty and dot segments", s3Message(aRecord({ key: "a//b/./c" })), "a//b/./c"],
    ["bad input 25: with controls", s3Message(aRecord({ key: "%00%0D%0A%1B%5B2J" })), "\0\r\n\u001B[2J"],
    [
      "bad input 26: with 1024 bytes of emoji",
      s3Message(aRecord({ key: encodeURIComponent("\u{1F3AC}".repeat(256)) })),
      "\u{1F3AC}".repeat(256),
    ],
    ["bad input 26: written from right to left", s3Message(aRecord({ key: encodeURIComponent("\u202Eسلام") })), "\u202Eسلام"],
    ["bad input 26: in two pieces a letter", s3Message(aRecord({ key: encodeURIComponent("e\u0301.mp4") })), "e\u0301.mp4"],
    ["bad input 27: that looks like an option", s3Message(aRecord({ key: "-i" })), "-i"],
    ["bad input 27: that looks like a protocol", s3Message(aRecord({ key: "concat%3Ax%25d%2A" })), "concat:x%d*"],
  ];
  const complete = table.map(([what, body, key = "clip.mp4"]) => [what, body, key] as const);
  test.each(complete)("%s", async (_what, body, key) => {
    await expectJob(body, key);
    expect(Object.prototype).not.toHaveProperty("polluted");
  });
});

test("bad input 10: of two records the good one is done, the bad one rejected at once", async () => {
  const { outcome, calls, keys, records } = await receive(s3Message(aRecord({ key: "good.mp4" }), aRecord({ key: "%zz" })));
  expect({ outcome, calls, keys }).toEqual({ outcome: "rejected", calls: ["quarantine job_malformed", "delete"], keys: ["good.mp4"] });
  expect(records).toHaveLength(1);
});
