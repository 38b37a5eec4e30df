import { stat, statfs } from "node:fs/promises";
import { JobError, ResourceError } from "../domain/errors.ts";
import type { Workspace } from "./workspace.ts";
import { openWorkspace } from "./workspace.ts";

/**
 * Works in a workspace of its own, which is gone afterwards. What fails because of the machine (no space, no inodes, no
 * file descriptors, a work folder that somebody removed) is thrown as ResourceError disk_full or machine_fault: it is no
 * fault of the job, and another machine may do it.
 */
export async function inWorkspace<T>(workDir: string, work: (workspace: Workspace) => Promise<T>): Promise<T> {
  try {
    await using workspace = await openWorkspace(workDir);
    try {
      return await work(workspace);
    } catch (error) {
      throw (mayBeOfMachine(error) ? await folderFault(workspace.outDir, error) : undefined) ?? error;
    }
  } catch (error) {
    throw machineFault(error) ?? error;
  }
}

const FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);
/** What no other process of this machine could do either. A missing path is ours to explain, above. */
const BROKEN: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE", "ENOMEM", "EAGAIN", "EROFS", "EIO"]);

/** The ResourceError that an error of the file system or of a spawn means; undefined when it is something else. */
export function machineFault(error: unknown): ResourceError | undefined {
  if (!mayBeOfMachine(error)) return undefined;
  const codes = codesOf(error);
  if (codes.some((code) => FULL.has(code)) || saysFull(error))
    return new ResourceError("disk_full", "the work folder takes no more", { cause: error });
  const broken = codes.find((code) => BROKEN.has(code));
  return broken === undefined ? undefined : new ResourceError("machine_fault", `the machine fails the job (${broken})`, { cause: error });
}

/** A verdict over the source, a lost lease and a stop stand, whatever else is wrong. */
const mayBeOfMachine = (error: unknown): boolean => !(error instanceof JobError) || error.disposition === "retry";

function codesOf(error: unknown): readonly string[] {
  const codes: string[] = [];
  for (let at = error; at instanceof Error && codes.length < 8; at = at.cause) codes.push("code" in at ? String(at.code) : "");
  return codes;
}

/** The last words of a program that the disk stopped. */
const saysFull = (error: unknown): boolean => error instanceof JobError && /No space left on device/.test(JSON.stringify(error.facts));

/** Less than a segment's header: what was written last was cut. */
const NO_SPACE_BYTES = 64 * 1024;
/** ffmpeg takes some files back before it ends, and calls it an input/output error. */
const FEW_INODES = 16;

/** What the work folder says when programs do not: on a full disk they may exit with 0 (RELIABILITY.md E1). */
async function folderFault(folder: string, cause: unknown): Promise<ResourceError | undefined> {
  try {
    await stat(folder);
    const { bavail, bsize, files, ffree } = await statfs(folder);
    const isFull = bavail * bsize < NO_SPACE_BYTES || (files > 0 && ffree < FEW_INODES);
    return isFull ? new ResourceError("disk_full", "the work folder is full", { cause }) : undefined;
  } catch {
    return new ResourceError("machine_fault", "the work folder was removed while the job ran", { cause });
  }
}
