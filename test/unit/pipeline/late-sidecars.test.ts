import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ShutdownError, SourceError, StorageError } from "../../../src/domain/errors.ts";
import { attachLate } from "../../../src/pipeline/late-sidecars.ts";
import type { JobEvent, SourceStore } from "../../../src/pipeline/ports.ts";
import { memoryStore } from "../../helpers/memory-store.ts";

const LATE = { jobId: "job", source: { bucket: "b", key: "film.mp4" }, seen: new Set<string>(), assetPath: "film", folder: "/nonexistent" };
const running = new AbortController().signal;
const refuse = (error: Error) => async (): Promise<never> => Promise.reject(error);
const away = refuse(new StorageError("S3 does not serve"));
const unused = refuse(new Error("not asked for"));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What is told of when the store answers listings and looks at files so. */
async function missedWith({ list, head = unused }: Pick<SourceStore, "list"> & Partial<Pick<SourceStore, "head">>, signal = running) {
  const events: JobEvent[] = [];
  const sources = { list: vi.fn<SourceStore["list"]>(list), head: vi.fn<SourceStore["head"]>(head), download: unused };
  const tools = { store: memoryStore(), checkLease: () => undefined, signal };
  const done = attachLate(LATE, { sources, report: (event) => events.push(event) }, tools);
  await vi.advanceTimersByTimeAsync(10_000);
  await done;
  return { events, listed: sources.list.mock.calls.length, looked: sources.head.mock.calls.length };
}

test("subtitles that came late are looked for again when the store does not serve, and told of when it never does", async () => {
  const { events, listed } = await missedWith({ list: away });
  expect(listed).toBe(3);
  expect(events).toEqual([{ kind: "text-missed", jobId: "job", what: "what lies beside film.mp4", reason: "S3 does not serve" }]);
});

test("a file that cannot be read is not read again, and told of by its key", async () => {
  const list = async () => [{ key: "film.sv.srt", etag: "e", sizeBytes: 9 }];
  const { events, looked } = await missedWith({ list, head: refuse(new SourceError("source_not_found", "it is gone")) });
  expect(looked).toBe(1);
  expect(events).toMatchObject([{ kind: "text-missed", what: "film.sv.srt", reason: "it is gone" }]);
});

test("a worker that stops does not try again, and tells what it left", async () => {
  const { events, listed } = await missedWith({ list: away }, AbortSignal.abort(new ShutdownError("the worker stops")));
  expect([listed, events.length]).toEqual([1, 1]);
});
