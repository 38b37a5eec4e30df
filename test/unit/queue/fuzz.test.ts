import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { MESSAGE_SHAPES } from "../../../src/domain/job.ts";
import { parseMessage } from "../../../src/queue/envelope.ts";
import { decodeS3Key } from "../../../src/queue/key.ts";
import { aRecord, eventBridgeMessage, jobMessage, RULES, s3Message, snsMessage } from "./messages.ts";

const VALID = [
  s3Message(aRecord(), aRecord({ key: "b.mp4" })),
  snsMessage(s3Message(aRecord())),
  eventBridgeMessage(),
  jobMessage({ assetPath: "a", ladder: "h264", metadata: { title: "x" } }),
  jobMessage({ source: undefined, attach: { assetPath: "a", subtitles: { bucket: "uploads", key: "a.srt" }, language: "en" } }),
  '{"Event":"s3:TestEvent"}',
];
const RUNS = { numRuns: 400 };
const MAX_ENTRIES = 100;
const CODES = ["job_malformed", "job_unsupported_event", "job_bucket_not_allowed"];

/** Whether a body was read as the contract says: at least one entry, of the closed lists, of no foreign bucket, nothing polluted. */
function isReadSafely(body: string): boolean {
  const { shape, entries } = parseMessage(body, RULES);
  const sane = entries.every((entry) => {
    if (entry.kind === "ignored") return entry.reason !== "";
    if (entry.kind === "rejected") return CODES.includes(entry.error.code) && entry.error.message.length < 10_000;
    const { bucket, key } = "source" in entry.job ? entry.job.source : entry.job.subtitles;
    return bucket === "uploads" && key !== "" && Buffer.byteLength(key) <= 1024;
  });
  const isPolluted = "polluted" in {} || Object.hasOwn(Object.prototype, "x");
  return MESSAGE_SHAPES.includes(shape) && entries.length > 0 && entries.length <= MAX_ENTRIES && sane && !isPolluted;
}

const poison = fc.constantFrom("__proto__", "constructor", "prototype", "toString", "Records", "ladderd", "Message", "detail", "x", "");
const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(null, -1, 1e308, "", "\u0000", "%ff", "x".repeat(5000), [], {}),
  fc.dictionary(poison, fc.constant({ polluted: 1 })),
);

/** A valid message with the value at one of its places replaced, however deep; text in text (SNS) counts as a place. */
const mutated = fc.tuple(fc.constantFrom(...VALID), fc.nat(), anything, poison).map(([body, at, value, name]) => {
  let place = 0;
  const total = body.split(":").length;
  return (
    JSON.stringify(JSON.parse(body), function replace(_key: string, inner: unknown) {
      place += 1;
      if (place !== (at % total) + 1) return inner;
      return typeof inner === "object" && inner !== null && !Array.isArray(inner) ? { ...inner, [name]: value } : value;
    }) ?? ""
  );
});

/** A valid message with characters taken out, doubled or put in, as a broken sender or a cut leaves it. */
const damaged = fc
  .tuple(fc.constantFrom(...VALID), fc.nat(), fc.nat(20), fc.string({ unit: "binary", maxLength: 20 }))
  .map(([body, at, length, put]) => {
    const start = at % body.length;
    return body.slice(0, start) + put + body.slice(start + length);
  });

const nested = fc
  .tuple(fc.constantFrom("[", '{"a":', '{"Records":[', '{"__proto__":'), fc.integer({ min: 1, max: 20_000 }))
  .map(([open, times]) => open.repeat(times));

describe("bad input 16, bad input 17: a message that is made to harm is read without a crash and within its bounds:", () => {
  test.each<readonly [what: string, bodies: fc.Arbitrary<string>]>([
    ["any text", fc.string({ unit: "binary" })],
    ["any JSON", fc.json({ maxDepth: 12 })],
    ["any object under names that mean something", fc.dictionary(poison, anything).map((value) => JSON.stringify(value))],
    ["a valid message with one value replaced", mutated],
    ["a valid message that was damaged", damaged],
    ["nesting", nested],
    [
      "a valid message wrapped again and again",
      fc.tuple(mutated, fc.nat(4)).map(([body, times]) => Array.from({ length: times }).reduce<string>((inner) => snsMessage(inner), body)),
    ],
    [
      "a huge array of records",
      fc
        .tuple(fc.integer({ min: 0, max: 300 }), anything)
        .map(([count, value]) => s3Message(...Array.from({ length: count }, () => value))),
    ],
  ])("%s", (_what, bodies) => {
    const property = fc.property(bodies, isReadSafely);
    expect(() => fc.assert(property, RUNS)).not.toThrow();
  });

  test("what is too large or too deep is never given to the JSON parser", () => {
    const parse = vi.spyOn(JSON, "parse");
    try {
      for (const body of ["[".repeat(100_000), `"${"x".repeat(1024 * 1024)}"`, `{"a":`.repeat(200_000)]) parseMessage(body, RULES);
      expect(parse).not.toHaveBeenCalled();
    } finally {
      parse.mockRestore();
    }
  });
});

describe("bad input 23: a key of percent sequences", () => {
  test("is decoded to what it encodes or refused, never to another", () => {
    const hex = fc.constantFrom(..."0123456789abcdefABCDEFgz%".split(""));
    const sequences = fc.array(
      fc.tuple(hex, hex).map(([high, low]) => `%${high}${low}`),
      { minLength: 1, maxLength: 30 },
    );
    const property = fc.property(sequences, (parts) => {
      const key = decodeS3Key(parts.join(""));
      if (key === undefined) return true;
      const bytes = Buffer.from(parts.join("").replaceAll("%", ""), "hex");
      return Buffer.from(key).equals(bytes);
    });
    expect(() => fc.assert(property, RUNS)).not.toThrow();
  });
});
