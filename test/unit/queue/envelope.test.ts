import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Job } from "../../../src/domain/job.ts";
import type { Entry } from "../../../src/queue/entry.ts";
import { parseMessage } from "../../../src/queue/envelope.ts";
import { aRecord, eventBridgeMessage, jobMessage, RULES, s3Message, snsMessage } from "./messages.ts";

const parse = (body: string, rules = RULES) => parseMessage(body, rules);
const only = (body: string, rules = RULES): Entry => {
  const { entries } = parse(body, rules);
  expect(entries).toHaveLength(1);
  const [entry] = entries;
  if (!entry) throw new TypeError("no entry");
  return entry;
};
const job = (body: string, rules = RULES): Job => {
  const entry = only(body, rules);
  if (entry.kind !== "job" || !("source" in entry.job)) throw new TypeError(`not a job: ${JSON.stringify(entry)}`);
  return entry.job;
};
const code = (body: string, rules = RULES): string => {
  const entry = only(body, rules);
  return entry.kind === "rejected" ? entry.error.code : entry.kind;
};
const reason = (body: string): string => {
  const entry = only(body);
  return entry.kind === "rejected" ? entry.error.message : "";
};

describe("the shapes of a message", () => {
  test.each([
    ["s3", s3Message(aRecord())],
    ["s3-sns", snsMessage(s3Message(aRecord()))],
    ["s3-sns", snsMessage(snsMessage(s3Message(aRecord())))],
    ["s3-eventbridge", eventBridgeMessage()],
    ["job", jobMessage()],
  ])("an upload that arrives as %s is a job", (shape, body) => {
    expect(parse(body).shape).toBe(shape);
    expect(job(body).source).toEqual({ bucket: "uploads", key: "clip.mp4" });
  });

  test("S3's test event is ignored, also through SNS", () => {
    const body = JSON.stringify({ Service: "Amazon S3", Event: "s3:TestEvent", Bucket: "uploads", RequestId: "1", HostId: "2" });
    expect(parse(body)).toMatchObject({ shape: "s3-test", entries: [{ kind: "ignored" }] });
    expect(parse(snsMessage(body))).toMatchObject({ shape: "s3-test", entries: [{ kind: "ignored" }] });
  });

  test.each(["ObjectRemoved:Delete", "ObjectRestore:Completed", "LifecycleExpiration:Delete", "ObjectTagging:Put"])(
    "%s is ignored",
    (eventName) => {
      expect(code(s3Message({ eventVersion: "2.3", eventSource: "aws:s3", eventName }))).toBe("ignored");
    },
  );

  test.each(["Put", "Post", "Copy", "CompleteMultipartUpload"])("ObjectCreated:%s is a job", (kind) => {
    expect(code(s3Message(aRecord({}, { eventName: `ObjectCreated:${kind}` })))).toBe("job");
  });

  test("other EventBridge events of S3 are ignored, those of other services rejected", () => {
    expect(code(eventBridgeMessage({}, { "detail-type": "Object Deleted" }))).toBe("ignored");
    expect(code(eventBridgeMessage({}, { source: "aws.ec2" }))).toBe("job_unsupported_event");
  });

  test("an event without records is ignored", () => {
    expect(code(s3Message())).toBe("ignored");
  });

  test("any minor version of the event structure is read, another major one rejected", () => {
    expect(code(s3Message(aRecord({}, { eventVersion: "2.9" })))).toBe("job");
    expect(code(s3Message(aRecord({}, { eventVersion: "3.0" })))).toBe("job_unsupported_event");
    expect(code(s3Message(aRecord({}, { eventVersion: "20.1" })))).toBe("job_unsupported_event");
  });

  test("another event source is rejected", () => {
    expect(code(s3Message(aRecord({}, { eventSource: "aws:ses" })))).toBe("job_unsupported_event");
  });

  test("each record of a message is judged by itself", () => {
    const { entries } = parse(s3Message(aRecord(), aRecord({ key: "%zz" }), aRecord({ key: "folder/" })));
    expect(entries.map(({ kind }) => kind)).toEqual(["job", "rejected", "ignored"]);
  });
});

describe("what cannot be read", () => {
  test.each(["", " \n", "{", '{"Records":[', `\uFEFF${jobMessage()}`, "null", "[]", '"x"', "42", snsMessage("no json"), "plain text"])(
    "%j is rejected as malformed",
    (body) => {
      expect(parse(body).shape).toBe("unknown");
      expect(code(body)).toBe("job_malformed");
    },
  );

  test("an object of no known shape is rejected", () => {
    expect(code('{"hello":"world"}')).toBe("job_unsupported_event");
  });

  test("a third wrap by SNS is rejected", () => {
    expect(code(snsMessage(snsMessage(snsMessage(s3Message(aRecord())))))).toBe("job_unsupported_event");
  });

  test.each(["bucket", "object"])("a record without its %s is rejected, naming the field", (field) => {
    const { [field]: _gone, ...s3 }: Record<string, unknown> = aRecord().s3;
    expect(reason(s3Message(aRecord({}, { s3 })))).toContain(`s3.${field}`);
  });

  test("a record without a size is rejected", () => {
    expect(reason(s3Message(aRecord({ size: undefined })))).toContain("s3.object.size");
  });

  test("a body nested 10 000 levels deep is rejected at once", () => {
    const body = `{"Records":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;
    expect(reason(body)).toContain("nested");
  });

  test.each(['"', '\\"', '"\\"'])("a body of 1 MiB of %j costs one pass", (piece) => {
    const body = `"${piece.repeat(Math.floor(1_000_000 / piece.length))}`;
    const started = performance.now();
    expect(code(body)).toBe("job_malformed");
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test("a body above 1 MiB is rejected unread", () => {
    expect(reason(jobMessage({ metadata: { note: "x".repeat(1024 * 1024) } }))).toContain("larger");
  });

  test("more than 50 entries of metadata are rejected", () => {
    const entries = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`name${index}`, "x"]));
    expect(job(jobMessage({ metadata: entries(50) })).metadata).toEqual(entries(50));
    expect(reason(jobMessage({ metadata: entries(51) }))).toContain("at most 50 entries");
  });

  test("more than 100 records are rejected", () => {
    expect(code(s3Message(...Array.from({ length: 101 }, () => aRecord())))).toBe("job_malformed");
  });

  test("no body throws, and each gives at least one entry", () => {
    const total = fc.property(fc.oneof(fc.string(), fc.json()), (body) => parse(body).entries.length > 0);
    expect(() => fc.assert(total)).not.toThrow();
  });

  test("keys that name the prototype reach nothing", () => {
    const poison = '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}';
    expect(code(`{${poison},"Records":[]}`)).toBe("ignored");
    expect(reason(jobMessage().replace("{", `{${poison},`))).toContain("__proto__");
    expect(job(jobMessage({ metadata: { title: "a" } }).replace('"title"', '"__proto__":"b","title"')).metadata).toEqual({ title: "a" });
    expect(Object.prototype).not.toHaveProperty("polluted");
  });
});

describe("the key of an event", () => {
  test("is form-decoded in an S3 event and taken as it stands in an EventBridge event", () => {
    expect(job(s3Message(aRecord({ key: "a%2Bb+c%252B.mp4" }))).source.key).toBe("a+b c%2B.mp4");
    expect(job(eventBridgeMessage({ key: "a+b c%2B.mp4" })).source.key).toBe("a+b c%2B.mp4");
  });

  test("that cannot be decoded is rejected", () => {
    expect(code(s3Message(aRecord({ key: "a%C3%28.mp4" })))).toBe("job_malformed");
    expect(code(eventBridgeMessage({ key: "é".repeat(600) }))).toBe("job_malformed");
  });
});

describe("the rules of intake", () => {
  test("a bucket that is not on the allow-list is rejected in every shape", () => {
    const rules = { ...RULES, uploadBuckets: ["others"] };
    for (const body of [s3Message(aRecord()), eventBridgeMessage(), jobMessage()]) expect(code(body, rules)).toBe("job_bucket_not_allowed");
  });

  test("an event of another region is rejected when a region is set", () => {
    expect(code(s3Message(aRecord()), { ...RULES, region: "us-east-1" })).toBe("job_bucket_not_allowed");
    expect(code(s3Message(aRecord()), { ...RULES, region: "eu-central-1" })).toBe("job");
  });

  test("an event of what we publish is ignored, so that nothing feeds itself", () => {
    const rules = { uploadBuckets: ["uploads"], publishBucket: "uploads", publishPrefix: "out" };
    expect(code(s3Message(aRecord({ key: "out/clip/r/1/v720/1.m4s" })), rules)).toBe("ignored");
    expect(code(s3Message(aRecord({ key: "outer/clip.mp4" })), rules)).toBe("job");
    expect(code(s3Message(aRecord()), { uploadBuckets: ["uploads"], publishBucket: "uploads" })).toBe("ignored");
  });

  test("a job that names what we publish is rejected", () => {
    expect(code(jobMessage(), { uploadBuckets: ["uploads"], publishBucket: "uploads" })).toBe("job_bucket_not_allowed");
  });
});

describe("the identity of a job", () => {
  test("is the same for every delivery of an event, by whatever way", () => {
    const ids = [s3Message(aRecord()), snsMessage(s3Message(aRecord())), eventBridgeMessage()].map((body) => job(body).id);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  test("differs between versions and, without versions, between contents", () => {
    const bodies = [{ versionId: "1" }, { versionId: "2" }, { eTag: "a" }, { eTag: "b" }, { key: "clip" }].map((object) =>
      s3Message(aRecord(object)),
    );
    expect(new Set(bodies.map((body) => job(body).id)).size).toBe(bodies.length);
  });

  test.each(["", "null", null])("counts a versionId of %j as none", (versionId) => {
    const { id, source } = job(s3Message(aRecord({ versionId })));
    expect(source).toEqual({ bucket: "uploads", key: "clip.mp4" });
    expect(id).toBe(job(s3Message(aRecord())).id);
  });

  test("carries a real versionId", () => {
    expect(job(s3Message(aRecord({ versionId: "v1" }))).source.versionId).toBe("v1");
    expect(job(eventBridgeMessage({ "version-id": "v1" })).source.versionId).toBe("v1");
  });
});

describe("our own job message", () => {
  test("carries all its wishes", () => {
    const wishes = { assetPath: "films/a b", ladder: "h264", engine: "ffmpeg", priority: 5, metadata: { title: "A" } };
    expect(job(jobMessage({ source: { bucket: "uploads", key: "k", versionId: "v" }, ...wishes }))).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      source: { bucket: "uploads", key: "k", versionId: "v" },
      pinsVersion: true,
      ...wishes,
    });
  });

  test("with another wish is another job", () => {
    expect(job(jobMessage({ assetPath: "x" })).id).not.toBe(job(jobMessage()).id);
  });

  test("with other presets is another job", () => {
    const ids = ["200015", "200035"].map((number) => job(jobMessage({ presets: [`1351620000001-${number}`] })).id);
    expect(new Set([...ids, job(jobMessage()).id]).size).toBe(3);
  });

  test("may say what the outputs of its presets were called", () => {
    const presets = ["1351620000001-200015", { id: "1351620000001-200055", key: "400k" }];
    expect(job(jobMessage({ presets }))).toMatchObject({
      presets: ["1351620000001-200015", "1351620000001-200055"],
      outputKeys: [{ preset: "1351620000001-200055", key: "400k" }],
    });
  });

  test.each([["index"], ["a", "a"], ["a", "a_v4"], ["../a"], ["a/b"], [""]])(
    "refuses keys whose playlists would lie on others: %j %j",
    (...keys) => {
      const presets = keys.map((key) => ({ id: "1351620000001-200055", key }));
      expect(code(jobMessage({ presets }))).toBe("job_malformed");
      expect(reason(jobMessage({ presets }))).toContain("presets");
    },
  );

  test.each([
    ["ladderd", { ladderd: 2 }],
    ["source", { source: undefined }],
    ["source.key", { source: { bucket: "uploads", key: "" } }],
    ["source.key", { source: { bucket: "uploads", key: "folder/" } }],
    ["source.key", { source: { bucket: "uploads", key: "\uD800" } }],
    ["source.bucket", { source: { bucket: 7, key: "k" } }],
    ["engine", { engine: "gpu" }],
    ["priority", { priority: "high" }],
    ["presets", { presets: ["1351620000001-200015", "hls-2m"] }],
    ["presets", { presets: [] }],
    ["presets", { presets: ["1351620000001-200015"], ladder: "h264" }],
    ["askedAt", { askedAt: "yesterday" }],
    ["metadata", { metadata: { a: 1 } }],
    ["extra", { extra: true }],
    ["ladder", { ladder: "../x" }],
  ])("names the field %s that does not fit", (field, fields) => {
    expect(code(jobMessage(fields))).toBe("job_malformed");
    expect(reason(jobMessage(fields))).toContain(field);
  });

  test.each(["", "/abs", "a//b", "a/", ".", "../x", "a/./b", "a\nb", "a\u0085b", "r/x", "a/r/b", "a/r", "é".repeat(400)])(
    "refuses the asset path %j",
    (assetPath) => {
      expect(reason(jobMessage({ assetPath }))).toContain("assetPath");
    },
  );

  test.each(["a", "a/b.c", "über/日本", "rr/x", "...", "a b"])("takes the asset path %j", (assetPath) => {
    expect(job(jobMessage({ assetPath })).assetPath).toBe(assetPath);
  });
});
