import { describe, expect, it } from "vitest";

import { waitForAsset } from "../../../src/cli/wait-for-asset.ts";
import { sourceId } from "../../../src/publish/identity.ts";
import type { SourceObject } from "../../../src/pipeline/ports.ts";
import { jobId } from "../../../src/queue/job-id.ts";

const JOB_ID = jobId(["uploads", "films/clip.mp4", "e1"]);

const object: SourceObject = {
  ref: { bucket: "uploads", key: "films/clip.mp4" },
  etag: "e1",
  sizeBytes: 1,
  lastModified: "2026-01-01T00:00:10.000Z",
};

const config = {
  assetPathTemplate: "{key without extension}",
  publishPrefix: "streams/",
  publishBucket: "published",
  stateBucket: "state",
};

const asset = (etag: string): string =>
  JSON.stringify({
    ladderd: 1,
    assetPath: "films/clip",
    revision: "r1",
    source: { id: sourceId(object.ref, etag), sizeBytes: 1 },
    durationSeconds: 1,
    renditions: [],
    ladder: "h264",
    ladderHash: "x",
    createdAt: "2026-01-01T00:00:00.000Z",
    publishedAt: "2026-01-01T00:00:00.000Z",
  });

const failure = (code: string, fault: string, failedAt: string): string => JSON.stringify({ code, fault, failedAt, reason: "because" });

/** Each read of an address takes its next state; the last one stays. */
function waiting(states: Readonly<Record<string, readonly string[]>>, signal = AbortSignal.timeout(2000)): Promise<string> {
  const reads = new Map<string, number>();
  const bucket = (name: string) => ({
    readText: async (key: string) => {
      const address = `${name}/${key}`;
      const index = reads.get(address) ?? 0;
      reads.set(address, index + 1);
      const text = states[address]?.[Math.min(index, (states[address]?.length ?? 1) - 1)];
      return text ? { text, etag: "x", ageSeconds: 0, readAtMs: 0 } : undefined;
    },
  });
  return waitForAsset({ object, jobId: JOB_ID, config, stores: { bucket }, signal, pollMs: 1 });
}

const ASSET = "published/streams/films/clip/asset.json";
const FAILURE = `state/failures/${JOB_ID}.json`;

describe("waitForAsset", () => {
  it("waits until exactly this object is published", async () => {
    expect(await waiting({ [ASSET]: ["", asset("older"), asset("older"), asset("e1")] })).toBe(
      "s3://published/streams/films/clip/index.m3u8",
    );
  });

  it("is done at once when the object was published before", async () => {
    expect(await waiting({ [ASSET]: [asset("e1")] })).toContain("index.m3u8");
  });

  it("ends with the reason when the source is rejected", async () => {
    const record = failure("source_codec", "source", "2026-01-01T00:00:20.000Z");
    await expect(waiting({ [FAILURE]: ["", record] })).rejects.toMatchObject({ code: "source_codec", message: "because" });
  });

  it("goes on after a failure that is tried again, and after one from before this upload", async () => {
    const states = {
      [FAILURE]: [
        failure("engine_failed", "service", "2026-01-01T00:00:20.000Z"),
        failure("source_codec", "source", "2025-12-31T00:00:00.000Z"),
      ],
      [ASSET]: ["", "", asset("e1")],
    };
    expect(await waiting(states)).toContain("index.m3u8");
  });

  it("ends with the signal", async () => {
    await expect(waiting({}, AbortSignal.timeout(20))).rejects.toThrow(/aborted|timeout/i);
  });
});
