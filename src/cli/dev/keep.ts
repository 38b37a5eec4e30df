import { createWriteStream } from "node:fs";
import { mkdir, realpath, rename, rm } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { Loopback } from "./loopback.ts";
import { createLoopback } from "./loopback.ts";
import { keyToPath } from "./proxy/keys.ts";
import type { Storage } from "./storage.ts";

/** A published key that cannot be kept: as a file name it would lie elsewhere. */
export class UnsafeKeyError extends Error {
  override readonly name = "UnsafeKeyError";
}

export interface KeepOptions {
  readonly storage: Storage;
  /** The embedded S3. */
  readonly s3: Loopback;
  readonly bucket: string;
  readonly dir: string;
}

/** Where dev puts what it keeps. */
export interface Keeper {
  /** Resolves when the asset is in the folder. Rejects as keepAsset does. */
  keep(assetPath: string): Promise<void>;
  close(): void;
}

const POINTERS = ["asset.json", "index.mpd", "index.m3u8"];

/** The file a key is kept in. Throws UnsafeKeyError when that would leave `dir` or be another key's file. */
export function keptPath(dir: string, key: string): string {
  const root = resolve(dir);
  const parts = key.split("/");
  const isPlain = parts.every((part) => part !== "" && part !== "." && part !== ".." && !part.includes("\0") && !part.includes(sep));
  const path = resolve(root, ...parts);
  if (!isPlain || !path.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new UnsafeKeyError(`${JSON.stringify(key)} cannot be kept: it would leave ${root}`);
  }
  return path;
}

/**
 * Copies the current revision of an asset to DIR/<assetPath>, the pointers last, each object streamed. Throws UnsafeKeyError
 * before anything of it is written, also when a link in DIR leads out of it.
 */
export async function keepAsset({ storage, s3, bucket, dir }: KeepOptions, assetPath: string): Promise<void> {
  const asset = await storage.asset(bucket, assetPath);
  if (!asset) throw new Error(`${assetPath} has no asset.json`);
  const revision = await storage.keys(bucket, `${assetPath}/r/${asset.revision}/`);
  const keys = [...revision, ...POINTERS.map((file) => `${assetPath}/${file}`)];
  const copies = keys.map((key) => ({ key, path: keptPath(dir, key) }));
  for (const { key, path } of copies) {
    await requireInside(dir, dirname(path));
    await copyObject({ s3, from: `/${bucket}/${keyToPath(key)}`, to: path });
  }
}

/** Judges what is there already, before a folder is made through a link. */
async function requireInside(dir: string, folder: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const root = await realpath(dir);
  let existing = folder;
  let real = await realpath(existing).catch(() => undefined);
  while (real === undefined) {
    existing = dirname(existing);
    real = await realpath(existing).catch(() => undefined);
  }
  if (real !== root && !real.startsWith(root + sep)) throw new UnsafeKeyError(`${folder} leads out of ${root}`);
  await mkdir(folder, { recursive: true });
}

async function copyObject({ s3, from, to }: { s3: Loopback; from: string; to: string }): Promise<void> {
  const answer = await s3.send({ method: "GET", path: from });
  if (answer.statusCode !== 200) throw new Error(`${from}: ${answer.statusCode} ${await text(answer)}`);
  const part = `${to}.part`;
  await rm(part, { force: true });
  await pipeline(answer, createWriteStream(part, { flags: "wx" }));
  await rename(part, to);
}

/** Keeps assets in `dir` one after the other; without a folder it keeps nothing. */
export function createKeeper(
  options: Omit<KeepOptions, "dir" | "s3"> & { readonly endpoint: string; readonly dir: string | undefined },
): Keeper {
  const { dir, endpoint, storage, bucket } = options;
  if (dir === undefined) return { keep: async () => undefined, close: () => undefined };
  const s3 = createLoopback(Number(new URL(endpoint).port));
  let last: Promise<unknown> = Promise.resolve();
  return {
    keep(assetPath) {
      const mine = last.then(() => keepAsset({ storage, s3, bucket, dir }, assetPath));
      last = mine.catch(() => undefined);
      return mine;
    },
    close: () => s3.close(),
  };
}
