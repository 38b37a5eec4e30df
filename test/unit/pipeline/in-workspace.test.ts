import { readdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { EngineError, LeaseLostError, OutputError, SourceError } from "../../../src/domain/errors.ts";
import { inWorkspace, machineFault } from "../../../src/pipeline/in-workspace.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const aNodeError = (code: string) => Object.assign(new Error(code), { code });

describe("a failure in a workspace", () => {
  test.each([
    ["fault 44", aNodeError("ENOSPC"), "disk_full"],
    ["fault 46", aNodeError("EMFILE"), "machine_fault"],
    ["fault 46", new EngineError("engine_unavailable", "cannot be started", { cause: aNodeError("EMFILE") }), "machine_fault"],
    ["fault 46", aNodeError("ENFILE"), "machine_fault"],
    ["fault 45", new EngineError("engine_failed", "failed", { facts: { stderr: "x: No space left on device" } }), "disk_full"],
    ["a disk that turned read-only", aNodeError("EROFS"), "machine_fault"],
  ])("%s: %s is the machine's, and released", async (_row, error, code) => {
    await using folder = await temporaryFolder();
    await expect(inWorkspace(folder.path, () => Promise.reject(error))).rejects.toMatchObject({ code, disposition: "release" });
    await expect(readdir(folder.path)).resolves.toEqual([]);
  });

  test.each([
    new SourceError("source_corrupt", "bits", { cause: aNodeError("EIO") }),
    new LeaseLostError("gone", { cause: aNodeError("EMFILE") }),
    new OutputError("output_incomplete", "short"),
    new TypeError("a defect"),
  ])("%s stays what it is", async (error) => {
    await using folder = await temporaryFolder();
    await expect(inWorkspace(folder.path, () => Promise.reject(error))).rejects.toBe(error);
  });

  test("fault 47: in a folder that was removed is the machine's, whatever it looked like", async () => {
    await using folder = await temporaryFolder();
    const work = inWorkspace(folder.path, async ({ outDir }) => {
      await rm(dirname(outDir), { recursive: true });
      throw new EngineError("engine_failed", "the packager failed");
    });
    await expect(work).rejects.toMatchObject({ code: "machine_fault", cause: { code: "engine_failed" } });
  });

  test("is no fault of the machine when it ends well", async () => {
    await using folder = await temporaryFolder();
    await expect(inWorkspace(folder.path, async () => "done")).resolves.toBe("done");
    expect(machineFault(new Error("x"))).toBeUndefined();
  });
});
