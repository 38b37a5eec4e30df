import { describe, expect, test } from "vitest";
import { linesForRecord, readJobRecord, writeJobRecord } from "../../../src/state/job-records.ts";
import type { JobRecord } from "../../../src/state/job-records.ts";
import { memoryStore } from "../../helpers/memory-store.ts";

const { signal } = new AbortController();
const aJobRecord = (changes: Partial<JobRecord> = {}): JobRecord => ({
  ladderd: 1,
  jobId: "a".repeat(32),
  messageId: "m",
  bucket: "uploads",
  sourceKey: "films/a.mp4",
  assetPath: "films/a",
  outcome: "published",
  durationSeconds: 12,
  stages: { encode: 10 },
  plan: { frames: 300n },
  lastLines: [],
  endedAt: "2026-01-02T03:04:05.000Z",
  ...changes,
});

describe("a job's record", () => {
  test("is found by its job and by its asset path", async () => {
    const store = memoryStore();
    await writeJobRecord(store, aJobRecord(), signal);
    const found = { ...aJobRecord(), plan: { frames: "300" } };
    expect(await readJobRecord(store, { jobId: "a".repeat(32) }, signal)).toStrictEqual(found);
    expect(await readJobRecord(store, { assetPath: "films/a" }, signal)).toStrictEqual(found);
    expect(await readJobRecord(store, { assetPath: "films/b" }, signal)).toBeUndefined();
  });

  test("of the later of two jobs is the one of their asset path", async () => {
    const store = memoryStore();
    await writeJobRecord(store, aJobRecord(), signal);
    await writeJobRecord(store, aJobRecord({ jobId: "b".repeat(32) }), signal);
    expect((await readJobRecord(store, { assetPath: "films/a" }, signal))?.jobId).toBe("b".repeat(32));
  });

  test("of attached subtitles leaves the film's own as that of the asset", async () => {
    const store = memoryStore();
    await writeJobRecord(store, aJobRecord(), signal);
    const { assetPath: _none, ...attached } = aJobRecord({ jobId: "b".repeat(32) });
    await writeJobRecord(store, attached, signal);
    expect((await readJobRecord(store, { assetPath: "films/a" }, signal))?.jobId).toBe("a".repeat(32));
  });

  test("keeps the end of ffmpeg's lines, without secrets and without what a terminal obeys", () => {
    const lines = linesForRecord(`${"x".repeat(9000)}\nhttp://h/?X-Amz-Signature=abc&y\n\u001b[2Jtitle\r\n\n`);
    expect(lines.slice(1)).toStrictEqual(["http://h/?X-Amz-Signature=[redacted]&y", "\\u{1b}[2Jtitle"]);
    expect(lines.join("\n").length).toBeLessThanOrEqual(8192 + 10);
  });
});
