import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { dropKept, keepSource, makeRoom, sweepKept, takeKept } from "../../../src/pipeline/kept-source.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const OBJECT = { ref: { bucket: "uploads", key: "film.mp4" }, etag: "abc", sizeBytes: 5, lastModified: "2026-11-23T00:00:00Z" };
const HOUR_MS = 3_600_000;

/** A folder where a source was kept whose workspace is gone. */
async function kept(bytes = "bytes"): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  await writeFile(folder.in("source.bin"), bytes);
  await keepSource(folder.path, OBJECT, folder.in("source.bin"));
  await rm(folder.in("source.bin"));
  return folder;
}

afterEach(() => vi.useRealTimers());

describe("a source that was fetched", () => {
  test("outlives its workspace, and is taken by the next attempt at the same bytes", async () => {
    await using folder = await kept();
    await expect(takeKept(folder.path, OBJECT, folder.in("again.bin"))).resolves.toBe(true);
    await expect(readFile(folder.in("again.bin"), "utf8")).resolves.toBe("bytes");
    await keepSource(folder.path, OBJECT, folder.in("again.bin"));
    await dropKept(folder.path, OBJECT);
    await expect(readdir(folder.path)).resolves.toStrictEqual(["again.bin"]);
  });

  test.each([
    ["another version of the object", { ...OBJECT, etag: "abd" }, "bytes"],
    ["another object", { ...OBJECT, ref: { bucket: "uploads", key: "other.mp4" } }, "bytes"],
    ["a file of another length", OBJECT, "byte"],
  ])("is not taken for %s", async (_what, object, bytes) => {
    await using folder = await kept(bytes);
    await expect(takeKept(folder.path, object, folder.in("again.bin"))).resolves.toBe(false);
    await expect(readdir(folder.path)).resolves.toHaveLength(1);
  });

  test("is forgotten after six hours, and what is not kept stays", async () => {
    await using folder = await kept();
    await writeFile(folder.in("job-other"), "");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 5.9 * HOUR_MS });
    await sweepKept(folder.path);
    await expect(readdir(folder.path)).resolves.toHaveLength(2);
    vi.setSystemTime(Date.now() + 0.2 * HOUR_MS);
    await sweepKept(folder.path);
    await expect(readdir(folder.path)).resolves.toStrictEqual(["job-other"]);
  });

  test.each([0, -HOUR_MS])(
    "gives way when a job could not begin otherwise, and not before, whatever the clock was set by: %i ms",
    async (jumpMs) => {
      await using folder = await kept();
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + jumpMs });
      await expect(makeRoom(folder.path, 0)).resolves.toBe(true);
      await expect(readdir(folder.path)).resolves.toHaveLength(1);
      await expect(makeRoom(folder.path, Number.MAX_SAFE_INTEGER)).resolves.toBe(false);
      await expect(readdir(folder.path)).resolves.toStrictEqual([]);
    },
  );
});
