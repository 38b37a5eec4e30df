import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, mkdir, readFile, readdir, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { ListedObject, ObjectStore, StoredText, WriteCondition } from "../pipeline/ports.ts";
import { PreconditionFailed } from "../pipeline/ports.ts";

/**
 * A folder as a bucket for one process: keys below `keyPrefix` are files in `folder`. Conditions hold only against writers
 * of the same process. Throws RangeError for a key that would leave the folder.
 */
export function createFolderStore(folder: string, keyPrefix: string): ObjectStore {
  const root = resolve(folder);
  const pathOf = (key: string): string => {
    const path = resolve(root, key.startsWith(keyPrefix) ? key.slice(keyPrefix.length) : key);
    if (path !== root && !path.startsWith(root + sep)) throw new RangeError(`key ${JSON.stringify(key)} leaves the folder`);
    return path;
  };
  const keyOf = (path: string): string => keyPrefix + relative(root, path).split(sep).join("/");
  // A folder that was there before stays, even when it ends up empty; those that were made for a key go with it.
  let keep = root;
  const makeFolder = async (path: string): Promise<void> => {
    const first = await mkdir(path, { recursive: true });
    if (first !== undefined && `${root}${sep}`.startsWith(first + sep)) keep = dirname(first);
  };
  const copyTo = async (path: string, key: string): Promise<void> => {
    const target = pathOf(key);
    await makeFolder(dirname(target));
    if (target !== path) await copyFile(path, target, constants.COPYFILE_FICLONE);
  };
  let lastWrite: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(write: () => Promise<T>): Promise<T> => {
    const turn = lastWrite.then(write);
    lastWrite = turn.catch(() => undefined);
    return turn;
  };
  return {
    readText: async (key) => readTextFile(pathOf(key)),
    writeText: async ({ key, text, condition }) => {
      const path = pathOf(key);
      return inTurn(async () => {
        await makeFolder(dirname(path));
        return writeTextFile(path, text, condition);
      });
    },
    uploadFile: async ({ key, path }) => copyTo(path, key),
    copy: async (from, to) => copyTo(pathOf(from), to),
    // Files have no headers.
    copyAs: async ({ from, to }) => copyTo(pathOf(from), to),
    downloadFile: async ({ key, path }) => copyFile(pathOf(key), path, constants.COPYFILE_FICLONE),
    list: async (prefix) => listFiles(pathOf(prefix), keyOf),
    remove: async (keys) => {
      for (const key of keys) await rm(pathOf(key), { force: true });
      for (const key of keys) await removeEmptyFolders(dirname(pathOf(key)), keep);
    },
    removeMatching: async ({ key, etag }) => {
      const path = pathOf(key);
      await inTurn(async () => {
        await demand(path, { kind: "match", etag });
        await rm(path);
      });
      await removeEmptyFolders(dirname(path), keep);
    },
  };
}

const etagOf = (text: string): string => createHash("md5").update(text).digest("hex");

async function readTextFile(path: string): Promise<StoredText | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, "utf8"), stat(path)]);
    const readAtMs = Date.now();
    return { text, etag: etagOf(text), ageSeconds: Math.max(0, (readAtMs - mtimeMs) / 1000), readAtMs };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A condition and its write are one step because `inTurn` lets nothing come between. */
async function writeTextFile(path: string, text: string, condition: WriteCondition | undefined): Promise<{ etag: string }> {
  await demand(path, condition);
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
  return { etag: etagOf(text) };
}

async function demand(path: string, condition: WriteCondition | undefined): Promise<void> {
  if (!condition) return;
  const current = await readTextFile(path);
  const holds = condition.kind === "absent" ? current === undefined : current?.etag === condition.etag;
  if (!holds) throw new PreconditionFailed(`${path} is not what it was`);
}

async function listFiles(folder: string, keyOf: (path: string) => string): Promise<ListedObject[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (path) => ({ key: keyOf(path), sizeBytes: (await stat(path)).size })));
}

/** What a failed attempt made is gone with its folders, up to `stop`; a folder that holds anything stays. */
async function removeEmptyFolders(folder: string, stop: string): Promise<void> {
  for (let at = folder; at !== stop && at.startsWith(stop); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";
