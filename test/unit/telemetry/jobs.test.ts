import { describe, expect, it } from "vitest";

import { createJobBoard } from "../../../src/telemetry/jobs.ts";

const board = () => createJobBoard({ wallClock: () => new Date(0), now: () => 7 });

describe("createJobBoard", () => {
  it("follows a job through its stages", () => {
    const { observe, running } = board();
    observe({ kind: "started", jobId: "a", sourceKey: "clip.mp4", bucket: "uploads" });
    observe({ kind: "stage-started", jobId: "a", stage: "encode" });
    observe({ kind: "progress", jobId: "a", stage: "encode", fraction: 0.25, speed: 3, secondsLeft: 9 });
    expect(running()).toEqual([
      {
        jobId: "a",
        bucket: "uploads",
        sourceKey: "clip.mp4",
        startedAt: "1970-01-01T00:00:00.000Z",
        stage: "encode",
        fraction: 0.25,
        speed: 3,
        secondsLeft: 9,
      },
    ]);
  });

  it("moves an ended job to the front of the ended ones, with its reason", () => {
    const { observe, running, ended, lastEvents } = board();
    for (const jobId of ["a", "b"]) {
      observe({ kind: "started", jobId, sourceKey: `${jobId}.mp4`, bucket: "uploads" });
      observe({
        kind: "ended",
        jobId,
        sourceKey: `${jobId}.mp4`,
        outcome: "rejected",
        durationSeconds: 1,
        code: "source_empty",
        reason: "0 bytes",
      });
    }
    expect(running()).toEqual([]);
    expect(lastEvents().size).toBe(0);
    expect(ended().map(({ jobId, code }) => [jobId, code])).toEqual([
      ["b", "source_empty"],
      ["a", "source_empty"],
    ]);
  });

  it("keeps the last fifty ended jobs and no more", () => {
    const { observe, ended } = board();
    for (let index = 0; index < 200; index += 1) {
      observe({ kind: "ended", jobId: `job-${index}`, sourceKey: "k", outcome: "published", durationSeconds: 1 });
    }
    expect(ended()).toHaveLength(50);
    expect(ended()[0]?.jobId).toBe("job-199");
  });

  it("knows when each running job last said something", () => {
    const { observe, lastEvents } = board();
    observe({ kind: "started", jobId: "a", sourceKey: "k", bucket: "b" });
    expect([...lastEvents()]).toEqual([["a", 7]]);
  });

  it("does not invent a job from a progress that comes too late", () => {
    const { observe, running } = board();
    observe({ kind: "progress", jobId: "gone", stage: "publish", fraction: 1 });
    expect(running()).toEqual([]);
  });
});
