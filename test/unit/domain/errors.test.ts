import { describe, expect, test } from "vitest";
import {
  ERROR_CODES,
  EngineError,
  JobError,
  LeaseLostError,
  OutputError,
  ResourceError,
  ShutdownError,
  SourceError,
} from "../../../src/domain/errors.ts";

describe("JobError", () => {
  test("carries its name, cause and facts", () => {
    const cause = new Error("below");
    const error = new SourceError("source_corrupt", "bits", { cause, facts: { frames: 3 } });
    expect(error).toBeInstanceOf(JobError);
    expect(error).toMatchObject({
      name: "SourceError",
      message: "bits",
      cause,
      facts: { frames: 3 },
      fault: "source",
      disposition: "reject",
    });
  });

  test("has no cause when none was given", () => {
    expect("cause" in new OutputError("output_incomplete", "x")).toBe(false);
  });

  test.each([
    [new EngineError("engine_rejected", "x"), "service", "reject"],
    [new EngineError("engine_failed", "x"), "service", "retry"],
    [new EngineError("engine_unavailable", "x"), "service", "retry"],
    [new ResourceError("disk_full", "x"), "service", "release"],
    [new ResourceError("memory_full", "x"), "service", "release"],
    [new ResourceError("stalled", "x"), "service", "retry"],
    [new LeaseLostError("x"), "service", "abandon"],
    [new ShutdownError("x"), "shutdown", "release"],
  ] as const)("%s is the fault of the %s and is settled by %s", (error, fault, disposition) => {
    expect([error.fault, error.disposition]).toStrictEqual([fault, disposition]);
  });

  test("knows each code once", () => {
    expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length);
  });
});
