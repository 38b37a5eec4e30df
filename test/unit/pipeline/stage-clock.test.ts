import { describe, expect, test } from "vitest";
import { OutputError } from "../../../src/domain/errors.ts";
import type { JobEvent } from "../../../src/pipeline/ports.ts";
import { stageClock } from "../../../src/pipeline/stage-clock.ts";

const aClock = () => {
  const events: JobEvent[] = [];
  return { events, run: stageClock("job-1", (event) => events.push(event)) };
};

describe("stageClock", () => {
  test("reports beginning, end and duration, and passes the result through", async () => {
    const { events, run } = aClock();
    await expect(run("probe", async () => 42)).resolves.toBe(42);
    expect(events).toStrictEqual([
      { kind: "stage-started", jobId: "job-1", stage: "probe" },
      { kind: "stage-ended", jobId: "job-1", stage: "probe", durationSeconds: expect.any(Number) },
    ]);
  });

  test("reports the code of a failure and passes the very error through", async () => {
    const { events, run } = aClock();
    const error = new OutputError("output_incomplete", "x");
    await expect(run("verify", async () => Promise.reject(error))).rejects.toBe(error);
    expect(events[1]).toMatchObject({ kind: "stage-ended", code: "output_incomplete" });
  });

  test("has no code for an error that is no JobError", async () => {
    const { events, run } = aClock();
    await expect(run("fetch", async () => Promise.reject(new TypeError("bug")))).rejects.toThrow("bug");
    expect(events[1]).not.toHaveProperty("code");
  });
});
