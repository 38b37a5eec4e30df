import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";

/** A private folder for one attempt, gone when the attempt ends however it ends. */
export interface Workspace extends AsyncDisposable {
  /** The one name a source has on disk, whatever its key says (RELIABILITY.md R-X1). */
  readonly sourcePath: string;
  /** One folder per rendition: init and segments. */
  readonly outDir: string;
  readonly pipeDir: string;
}

/** How the folders begin; a sweep at start-up looks for it. */
export const WORKSPACE_PREFIX = "job-";

/** Makes a workspace under the work directory, readable by this user only. */
export async function openWorkspace(workDir: string): Promise<Workspace> {
  await mkdir(workDir, { recursive: true });
  const root = await mkdtemp(join(workDir, WORKSPACE_PREFIX));
  const [outDir, pipeDir] = [join(root, "out"), join(root, "pipes")];
  await Promise.all([mkdir(outDir), mkdir(pipeDir)]);
  return {
    sourcePath: join(root, "source.bin"),
    outDir,
    pipeDir,
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true, maxRetries: 3 }),
  };
}
