import { link, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ResourceError, ShutdownError } from "../domain/errors.ts";
import { hasRoom } from "./disk.ts";
import { sha256 } from "../publish/identity.ts";
import type { SourceObject } from "./ports.ts";

const PREFIX = "kept-";
/** A message that was given back is received again long before, if this worker is to receive it. */
const LONGEST_HOURS = 6;

const pathOf = (workDir: string, { ref, etag, sizeBytes }: SourceObject): string =>
  join(workDir, `${PREFIX}${sha256([ref.bucket, ref.key, etag, sizeBytes].join("\n")).slice(0, 32)}`);

/**
 * Gives a fetched source a second name that outlives its workspace: the bytes lie there once, and a source that did not
 * come whole has never had it. Where files cannot be linked nothing is kept.
 */
export async function keepSource(workDir: string, object: SourceObject, path: string): Promise<void> {
  await link(path, pathOf(workDir, object)).catch(() => undefined);
}

/** Brings these very bytes to `path` when an attempt before has fetched them to this machine. */
export async function takeKept(workDir: string, object: SourceObject, path: string): Promise<boolean> {
  const kept = pathOf(workDir, object);
  try {
    if ((await stat(kept)).size !== object.sizeBytes) return false;
    await link(kept, path);
    return true;
  } catch {
    return false;
  }
}

/** Forgets a source that no attempt will come back for. */
export const dropKept = (workDir: string, object: SourceObject): Promise<void> => rm(pathOf(workDir, object), { force: true });

/** Whether an attempt that ended so is taken up again by whoever works in the same folder. */
export const willReturn = (error: unknown): boolean =>
  error instanceof ShutdownError || (error instanceof ResourceError && error.code === "memory_full");

/** Removes what has been kept for longer than so many hours: six by default, and 0, which is all of it, when the disk is full. */
export async function sweepKept(workDir: string, hours = LONGEST_HOURS): Promise<void> {
  const names = (await readdir(workDir).catch(() => [])).filter((name) => name.startsWith(PREFIX));
  for (const name of names) {
    const found = await stat(join(workDir, name)).catch(() => undefined);
    // A link changes the inode's time, and so does the end of another name of it.
    if (found && (hours === 0 || Date.now() - found.ctimeMs >= hours * 3_600_000)) await rm(join(workDir, name), { force: true });
  }
}

/** Whether a job may begin, once what is kept has given way to it. */
export const makeRoom = async (workDir: string, minimumFreeBytes: number): Promise<boolean> =>
  (await hasRoom(workDir, minimumFreeBytes)) || sweepKept(workDir, 0).then(() => hasRoom(workDir, minimumFreeBytes));
