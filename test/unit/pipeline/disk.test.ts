import { mkdir, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { freeBytes, outputBytes, requireSpace, usedBytes } from "../../../src/pipeline/disk.ts";
import { planEncode } from "../../../src/domain/plan-encode.ts";
import { aContent } from "../../helpers/content.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { aPlan } from "../../helpers/plans.ts";
import { aSource } from "../../helpers/sources.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

describe("requireSpace", () => {
  test("lets a need pass that fits", async () => {
    await using folder = await temporaryFolder();
    await expect(requireSpace(folder.in("made", "here"), 1, 1)).resolves.toBeUndefined();
  });

  test("refuses a need that would leave less than the minimum", async () => {
    await using folder = await temporaryFolder();
    const free = await freeBytes(folder.path);
    await expect(requireSpace(folder.path, 0, free * 2)).rejects.toMatchObject({ code: "disk_full", disposition: "release" });
    await expect(requireSpace(folder.path, free * 2, 0)).rejects.toMatchObject({ code: "disk_full" });
  });
});

describe("usedBytes", () => {
  test("adds up the files of every folder, and is 0 where there is none", async () => {
    await using folder = await temporaryFolder();
    expect(await usedBytes(folder.in("nowhere"))).toBe(0);
    await mkdir(folder.in("job-1", "out"), { recursive: true });
    expect(await usedBytes(folder.path)).toBe(0);
    await writeFile(folder.in("job-1", "source.bin"), Buffer.alloc(100_000, 1));
    await writeFile(folder.in("job-1", "out", "1.m4s"), Buffer.alloc(100_000, 1));
    const used = await usedBytes(folder.path);
    expect(used).toBeGreaterThanOrEqual(200_000);
    expect(used).toBeLessThan(250_000);
  });
});

describe("outputBytes", () => {
  test("is every cap for the whole duration and a fifth more", () => {
    const bps = 400_000 + 800_000 + 1_400_000 + 2_800_000 + 5_000_000 + 128_000;
    expect(outputBytes(aPlan())).toBeCloseTo((bps / 8) * 20 * 1.2, 3);
    expect(outputBytes(aPlan(aSource({ video: undefined })))).toBeCloseTo(((64_000 + 128_000) / 8) * 20 * 1.2, 3);
  });

  test("is twice the estimate where the content was measured and needs less than its caps", () => {
    const plan = planEncode(aSource(), aLadder({ perTitle: true }), { content: aContent(60_000) });
    expect(outputBytes(plan)).toBe(plan.estimate.bytes * 2);
    const hard = planEncode(aSource(), aLadder({ perTitle: true }), { content: aContent(20_000_000) });
    expect(outputBytes(hard)).toBe(outputBytes(aPlan()));
  });
});
