import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A private folder for one attempt, gone when the attempt ends however it ends. */
export interface Workspace extends AsyncDisposable {
  /** The one name a source has on disk, whatever its key says (RELIABILITY.md R-X1). */
  readonly sourcePath: string;
  /** One folder per rendition: init and segments. */
  readonly outDir: string;
  readonly pipeDir: string;
  /** For the key of a protected asset: the one folder that no program but the packager sees. */
  readonly keyDir: string;
}

const PREFIX = "job-";
/** Says which process a workspace belongs to. */
const OWNER = "owner";

/** Makes a workspace under the work directory, readable by this user only. */
export async function openWorkspace(workDir: string): Promise<Workspace> {
  await mkdir(workDir, { recursive: true });
  const root = await mkdtemp(join(workDir, PREFIX));
  const [outDir, pipeDir, keyDir] = [join(root, "out"), join(root, "pipes"), join(root, "key")];
  await Promise.all([mkdir(outDir), mkdir(pipeDir), mkdir(keyDir), writeFile(join(root, OWNER), `${process.pid}`)]);
  return {
    sourcePath: join(root, "source.bin"),
    outDir,
    pipeDir,
    keyDir,
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Removes the workspaces of processes that are gone (R-D13); those of living ones stay. Resolves to the names removed. */
export async function sweepWorkspaces(workDir: string): Promise<readonly string[]> {
  const names = (await readdir(workDir).catch(() => [])).filter((name) => name.startsWith(PREFIX));
  const removed: string[] = [];
  for (const name of names) {
    const root = join(workDir, name);
    if (await isOwned(root)) continue;
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
    removed.push(name);
  }
  return removed;
}

async function isOwned(root: string): Promise<boolean> {
  const pid = Number(await readFile(join(root, OWNER), "utf8").catch(() => "0"));
  // Between the folder and its owner file lies a moment in which another process may look.
  if (!Number.isSafeInteger(pid) || pid <= 0) return isYoung(root);
  // A number that was given to another process meanwhile keeps a folder for a while, no more.
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

const YOUNG_MS = 60_000;

async function isYoung(root: string): Promise<boolean> {
  const found = await stat(root).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs < YOUNG_MS;
}
