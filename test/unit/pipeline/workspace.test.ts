import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { openWorkspace, sweepWorkspaces } from "../../../src/pipeline/workspace.ts";
import { settled } from "../../helpers/outcome.ts";
import { signalIfThere } from "../../support/processes.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

describe("openWorkspace", () => {
  test("is private, has a fixed name for the source, and is gone afterwards with all it holds", async () => {
    await using folder = await temporaryFolder();
    const work = folder.in("work");
    {
      await using workspace = await openWorkspace(work);
      const [name = ""] = await readdir(work);
      expect(name).toMatch(/^job-/);
      expect((await stat(folder.in("work", name))).mode & 0o777).toBe(0o700);
      expect(workspace.sourcePath).toBe(folder.in("work", name, "source.bin"));
      await writeFile(workspace.sourcePath, "x");
      await mkdir(`${workspace.outDir}/v240`);
    }
    await expect(readdir(work)).resolves.toStrictEqual([]);
  });

  test("is gone after a failure as well, and never shared", async () => {
    await using folder = await temporaryFolder();
    const failing = async (): Promise<void> => {
      await using first = await openWorkspace(folder.path);
      await using second = await openWorkspace(folder.path);
      throw new Error(first.outDir === second.outDir ? "shared" : "encode failed");
    };
    await expect(settled(failing())).resolves.toMatchObject({ error: { message: "encode failed" } });
    await expect(readdir(folder.path)).resolves.toStrictEqual([]);
  });
});

test("a workspace says whose it was until nothing else is in it: who is killed while it goes leaves none that seems new", async () => {
  await using folder = await temporaryFolder();
  const workspace = await openWorkspace(folder.path);
  const root = dirname(workspace.sourcePath);
  for (let index = 0; index < 300; index += 1) await writeFile(join(workspace.outDir, `${index}`), "x");
  const going = workspace[Symbol.asyncDispose]();
  let looks = 0;
  for (; existsSync(root); looks += 1) {
    expect(readdirSync(root)).toContain("owner");
    await new Promise((resolve) => setImmediate(resolve));
  }
  await going;
  expect(looks).toBeGreaterThan(1);
});

describe("sweepWorkspaces", () => {
  const NO_PROCESS = `${2 ** 22 + 1}`;

  test("fault 11: removes what a dead process left and keeps what lives and what is not ours", async () => {
    await using folder = await temporaryFolder();
    await using living = await openWorkspace(folder.path);
    for (const [name, owner] of Object.entries({ "job-dead": NO_PROCESS, "job-torn": "", "job-negative": "-1", other: NO_PROCESS })) {
      await mkdir(folder.in(name));
      await writeFile(folder.in(name, "owner"), owner);
    }
    await mkdir(folder.in("job-unowned"));
    await mkdir(folder.in("job-being-made"));
    const hourAgo = new Date(Date.now() - 3_600_000);
    for (const name of ["job-torn", "job-negative", "job-unowned"]) await utimes(folder.in(name), hourAgo, hourAgo);
    const removed = await sweepWorkspaces(folder.path);
    expect(removed.toSorted((a, b) => a.localeCompare(b))).toStrictEqual(["job-dead", "job-negative", "job-torn", "job-unowned"]);
    const left = (await readdir(folder.path)).filter((name) => !living.outDir.includes(name));
    expect(left.toSorted((a, b) => a.localeCompare(b))).toEqual(["job-being-made", "other"]);
    await expect(stat(living.outDir)).resolves.toBeDefined();
  });

  test("fault 11: removes what a process left that had our number, or that of another one that lives, before it", async () => {
    await using folder = await temporaryFolder();
    await using living = await openWorkspace(folder.path);
    // In a container every worker has the same number.
    const owners = { "job-before": `${process.pid} 1`, "job-parent": `${process.ppid} 1`, "job-of-older-version": `${process.ppid}` };
    for (const [name, owner] of Object.entries(owners)) {
      await mkdir(folder.in(name));
      await writeFile(folder.in(name, "owner"), owner);
    }
    const removed = await sweepWorkspaces(folder.path);
    expect(removed.toSorted((a, b) => a.localeCompare(b))).toStrictEqual(["job-before", "job-parent"]);
    await expect(stat(living.outDir)).resolves.toBeDefined();
  });

  test("fault 5: ends a fence whose worker was killed while it was built, and nothing that is not ours", async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.in("job-dead"));
    await writeFile(folder.in("job-dead", "owner"), NO_PROCESS);
    const start = (argv0: string) =>
      spawn("/bin/sh", ["-c", "sleep 60; :", folder.in("job-dead", "source.bin")], { argv0, detached: true });
    const [fence, reader] = [start("bwrap"), start("less")];
    const ended = once(fence, "exit");
    await Promise.all([once(fence, "spawn"), once(reader, "spawn")]);
    await sweepWorkspaces(folder.path);
    await expect(ended).resolves.toEqual([null, "SIGKILL"]);
    expect(reader.exitCode ?? reader.signalCode).toBeNull();
    for (const { pid = 0 } of [fence, reader]) signalIfThere(-pid, "SIGKILL");
  });

  test("finds nothing where there is no work directory", async () => {
    await using folder = await temporaryFolder();
    await expect(sweepWorkspaces(folder.in("none"))).resolves.toStrictEqual([]);
  });
});
