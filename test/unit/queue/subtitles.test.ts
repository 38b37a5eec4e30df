import { describe, expect, test } from "vitest";
import type { WorkerJob } from "../../../src/domain/job.ts";
import { parseMessage } from "../../../src/queue/envelope.ts";
import { aRecord, eventBridgeMessage, RULES, s3Message } from "./messages.ts";

const anyJob = (body: string): WorkerJob => {
  const [entry] = parseMessage(body, RULES).entries;
  if (entry?.kind !== "job") throw new TypeError(`not a job: ${JSON.stringify(entry)}`);
  return entry.job;
};
const code = (body: string, rules = RULES): string | undefined => {
  const [entry] = parseMessage(body, rules).entries;
  return entry?.kind === "rejected" ? entry.error.code : entry?.kind;
};

describe("subtitles", () => {
  const id = expect.stringMatching(/^[0-9a-f]{32}$/);
  const attachment = { assetPath: "films/a", subtitles: { bucket: "uploads", key: "texts/a.srt" }, language: "sv" };
  const attach = (fields: Readonly<Record<string, unknown>> = {}): string =>
    JSON.stringify({ ladderd: 1, attach: { ...attachment, ...fields } });

  test.each(["film.sv.srt", "film.VTT"])("that are uploaded as %s are to be attached, as they are by then", (key) => {
    const subtitles = { bucket: "uploads", key };
    const eventTime = expect.any(String);
    expect(anyJob(s3Message(aRecord({ key, versionId: "v1" })))).toEqual({ id, subtitles, eventTime });
    expect(anyJob(eventBridgeMessage({ key }))).toEqual({ id, subtitles, eventTime });
  });

  test("in a bucket that is none of ours, or where we publish, are not touched", () => {
    expect(code(s3Message(aRecord({ key: "a.srt" })), { ...RULES, uploadBuckets: ["other"] })).toBe("job_bucket_not_allowed");
    expect(code(attach({ subtitles: { bucket: "other", key: "a.srt" } }))).toBe("job_bucket_not_allowed");
    const shared = { uploadBuckets: ["published"], publishBucket: "published", publishPrefix: "out/" };
    expect(code(attach({ subtitles: { bucket: "published", key: "out/a.srt" } }), shared)).toBe("job_bucket_not_allowed");
  });

  test("that a message names are attached as it says", () => {
    const { subtitles, ...as } = attachment;
    expect(anyJob(attach())).toEqual({ id, subtitles, as: { ...as, forced: false } });
    expect(anyJob(attach({ language: "pt-br", name: "Brazil", forced: true }))).toEqual({
      id,
      subtitles,
      as: { ...as, language: "pt-BR", name: "Brazil", forced: true },
    });
  });

  test("are another job for every wish, and the same one for the same", () => {
    const bodies = [
      attach(),
      attach({ language: "de" }),
      attach({ forced: true }),
      attach({ name: "A" }),
      attach({ assetPath: "films/b" }),
    ];
    expect(new Set(bodies.map((body) => anyJob(body).id)).size).toBe(bodies.length);
    expect(anyJob(attach()).id).toBe(anyJob(attach()).id);
  });

  test.each([
    ["no language", { language: undefined }],
    ["a language that is no tag", { language: 'sv"' }],
    ["no asset", { assetPath: undefined }],
    ["an asset path that leaves", { assetPath: "../a" }],
    ["a folder of revisions", { assetPath: "films/r/a" }],
    ["no file", { subtitles: undefined }],
    ["a folder for a file", { subtitles: { bucket: "uploads", key: "texts/" } }],
    ["a version", { subtitles: { ...attachment.subtitles, versionId: "v" } }],
    ["forced that is no truth value", { forced: "yes" }],
    ["an empty name", { name: "" }],
    ["an unknown field", { colour: "red" }],
  ])("with %s are malformed", (_what, fields) => {
    expect(code(attach(fields))).toBe("job_malformed");
  });

  test("beside a source in one message are malformed", () => {
    expect(code(JSON.stringify({ ladderd: 1, attach: attachment, source: { bucket: "uploads", key: "a.mp4" } }))).toBe("job_malformed");
    expect(code(JSON.stringify({ ladderd: 2, attach: attachment }))).toBe("job_malformed");
  });
});
