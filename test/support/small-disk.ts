import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A file system in memory of its own; gone with all it holds when the test ends. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
}

export interface SmallDiskOptions {
  readonly sizeBytes: number;
  /** How many files and folders it takes; plenty when absent. */
  readonly inodes?: number;
  readonly isReadOnly?: boolean;
}

/** Mounts a small tmpfs. Rejects where mounting is not permitted: ask `mayMount` before. */
export async function mountSmallDisk({ sizeBytes, inodes, isReadOnly }: SmallDiskOptions): Promise<SmallDisk> {
  const path = await mkdtemp(join(tmpdir(), "ladderd-disk-"));
  const options = [`size=${sizeBytes}`, ...(inodes === undefined ? [] : [`nr_inodes=${inodes}`]), ...(isReadOnly ? ["ro"] : [])];
  try {
    await run("mount", ["-t", "tmpfs", "-o", options.join(","), "tmpfs", path]);
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    throw error;
  }
  const close = async (): Promise<void> => {
    await run("umount", ["--lazy", path]);
    await rm(path, { recursive: true, force: true });
  };
  return { path, [Symbol.asyncDispose]: close };
}

/** Whether this machine lets us mount; says on stderr why its tests are skipped when it does not. */
export async function mayMount(): Promise<boolean> {
  try {
    await using _ = await mountSmallDisk({ sizeBytes: 65_536 });
    return true;
  } catch (error) {
    process.stderr.write(`tests of full disks are skipped: ${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
}
