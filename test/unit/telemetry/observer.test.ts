import { expect, test } from "vitest";
import { createObserver } from "../../../src/observer.ts";
import { aLog } from "../queue/doubles.ts";

test("R-O3: one line at the end of a job says how it went, with the time of each stage and what was sent and fetched", () => {
  const { logger, lines } = aLog();
  const disk = async (): Promise<number> => 0;
  const observer = createObserver({ logger, sandboxed: true, configHash: "hash", diskFreeBytes: disk, workDirBytes: disk });
  const jobId = "a";
  observer.job({ kind: "started", jobId, sourceKey: "clip.mp4", bucket: "uploads" });
  for (const bytes of [3, 4]) observer.job({ kind: "transferred", jobId, direction: "out", bytes });
  observer.job({ kind: "transferred", jobId, direction: "in", bytes: 9 });
  for (const stage of ["fetch", "encode", "encode"] as const) observer.job({ kind: "stage-ended", jobId, stage, durationSeconds: 1.5 });
  const end = { kind: "ended", jobId, sourceKey: "clip.mp4", outcome: "published", durationSeconds: 5, assetPath: "clip" } as const;
  observer.job(end);
  const said = { jobId, key: "clip.mp4", outcome: "published", durationSeconds: 5, assetPath: "clip" };
  expect(lines.filter(({ msg }) => msg === "job ended")).toMatchObject([
    { ...said, stages: { fetch: 1.5, encode: 3 }, bytes: { in: 9, out: 7 } },
  ]);
  observer.job({ ...end, outcome: "duplicate" });
  expect(lines.at(-1)).toMatchObject({ outcome: "duplicate", stages: {}, bytes: { in: 0, out: 0 } });
});
