import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, readFile, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { endLeftPrograms } from "../process/end-left-programs.ts";

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
/** Says which process a workspace belongs to: its number, and when it began. */
const OWNER = "owner";

/** In ticks since the machine began (proc(5), field 22); "" where there is no such file, or no such process. */
async function beganAt(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is a name in parentheses, which may hold anything.
  return status.slice(status.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

/** Makes a workspace under the work directory, readable by this user only. */
export async function openWorkspace(workDir: string): Promise<Workspace> {
  await mkdir(workDir, { recursive: true });
  const owner = `${process.pid} ${await beganAt(process.pid)}`;
  // In one go: a folder whose owner is not known counts as somebody's for a minute.
  const root = mkdtempSync(join(workDir, PREFIX));
  writeFileSync(join(root, OWNER), owner);
  const [outDir, pipeDir, keyDir] = [join(root, "out"), join(root, "pipes"), join(root, "key")];
  await Promise.all([mkdir(outDir), mkdir(pipeDir), mkdir(keyDir)]);
  return {
    sourcePath: join(root, "source.bin"),
    outDir,
    pipeDir,
    keyDir,
    [Symbol.asyncDispose]: () => removeWorkspace(root),
  };
}

/** The owner's name last, and in one go with the folder: of a folder half removed it says that nobody is at it any more. */
async function removeWorkspace(root: string): Promise<void> {
  const names = (await readdir(root).catch(() => [])).filter((name) => name !== OWNER);
  await Promise.all(names.map((name) => rm(join(root, name), REMOVAL)));
  rmSync(root, REMOVAL);
}

const REMOVAL = { recursive: true, force: true, maxRetries: 3 } as const;

/** Removes the workspaces of processes that are gone (R-D13), and ends what is left in them; those of living ones stay. Resolves to the names removed. */
export async function sweepWorkspaces(workDir: string): Promise<readonly string[]> {
  const names = (await readdir(workDir).catch(() => [])).filter((name) => name.startsWith(PREFIX));
  const removed: string[] = [];
  for (const name of names) {
    const root = join(workDir, name);
    if (await isOwned(root)) continue;
    await endLeftPrograms(root);
    await removeWorkspace(root);
    removed.push(name);
  }
  return removed;
}

async function isOwned(root: string): Promise<boolean> {
  const [number, began = ""] = (await readFile(join(root, OWNER), "utf8").catch(() => "0")).split(" ");
  const pid = Number(number);
  // Between the folder and its owner file lies a moment in which another process may look.
  if (!Number.isSafeInteger(pid) || pid <= 0) return isYoung(root);
  if (!isAlive(pid)) return false;
  // Numbers are given again: in a container every worker has the same one.
  const now = await beganAt(pid);
  // A version before this one, which may still drain beside us, wrote the number alone.
  return now === "" || now === began || (began === "" && pid !== process.pid);
}

function isAlive(pid: number): boolean {
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
