import { mkdir, readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { EncodePlan } from "../domain/encode-plan.ts";
import { ResourceError } from "../domain/errors.ts";

/** Container overhead and what is not yet flushed. */
const HEADROOM = 1.2;

/** Bytes that this user can still write where the work directory lies. */
export async function freeBytes(workDir: string): Promise<number> {
  await mkdir(workDir, { recursive: true });
  const { bavail, bsize } = await statfs(workDir);
  return bavail * bsize;
}

/** Fewer files than a long job makes. */
const MINIMUM_FREE_INODES = 1000;

/** Whether a job may begin: so many bytes are free, and names for its files (a file system may run out of either). */
export async function hasRoom(workDir: string, minimumFreeBytes: number): Promise<boolean> {
  await mkdir(workDir, { recursive: true });
  const { bavail, bsize, files, ffree } = await statfs(workDir);
  // Some file systems have no fixed number of inodes, and say 0.
  return bavail * bsize >= minimumFreeBytes && (files === 0 || ffree >= MINIMUM_FREE_INODES);
}

/** Bytes that the files below the work directory take on disk. What goes while it is counted counts nothing. */
export async function usedBytes(workDir: string): Promise<number> {
  const entries = await readdir(workDir, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (entry.isFile())
      bytes += await stat(join(entry.parentPath, entry.name)).then(
        ({ blocks }) => blocks * BLOCK_BYTES,
        () => 0,
      );
  }
  return bytes;
}

/** The unit of st_blocks, whatever the file system's own is (stat(2)). */
const BLOCK_BYTES = 512;

/** Throws ResourceError disk_full unless `neededBytes` fit and `minimumFreeBytes` stay free (RELIABILITY.md R-X10). */
export async function requireSpace(workDir: string, neededBytes: number, minimumFreeBytes: number): Promise<void> {
  const free = await freeBytes(workDir);
  if (free - neededBytes < minimumFreeBytes) {
    throw new ResourceError("disk_full", `${free} bytes free, ${Math.ceil(neededBytes)} needed and ${minimumFreeBytes} to stay free`);
  }
}

/** How far an estimate from measured content may be off before the caps are the better bound. */
const ESTIMATE_MARGIN = 2;

/** The room a plan needs: every cap for the whole duration, or twice its estimate where the content was measured. */
export function outputBytes({ video, audio, timeline, estimate }: EncodePlan): number {
  const bps = video.reduce((total, { capBps }) => total + capBps, 0) + audio.reduce((total, { bitrateBps }) => total + bitrateBps, 0);
  const most = (bps / 8) * timeline.durationSeconds * HEADROOM;
  return estimate.basis === "content" ? Math.min(most, estimate.bytes * ESTIMATE_MARGIN) : most;
}
