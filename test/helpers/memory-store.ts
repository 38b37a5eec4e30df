import { readFile, writeFile } from "node:fs/promises";
import type { ObjectStore, WriteCondition } from "../../src/pipeline/ports.ts";
import { PreconditionFailed } from "../../src/pipeline/ports.ts";

export interface StoredObject {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly contentType: string;
  readonly cacheControl: string;
  /** Unix time. */
  readonly writtenAtMs: number;
}

export interface MemoryStore extends ObjectStore {
  readonly objects: Map<string, StoredObject>;
  /** Every successful change in order: "put key" or "remove key". */
  readonly changes: string[];
  textOf(key: string): string | undefined;
}

/** A bucket in a map that honours conditions as S3 does: each call is one step that nothing comes between. */
export function memoryStore(): MemoryStore {
  const objects = new Map<string, StoredObject>();
  const changes: string[] = [];
  let writes = 0;
  const put = (key: string, bytes: Buffer, headers: { contentType: string; cacheControl: string }): string => {
    writes += 1;
    const etag = `etag-${writes}`;
    objects.set(key, { bytes, etag, ...headers, writtenAtMs: Date.now() });
    changes.push(`put ${key}`);
    return etag;
  };
  const demand = (key: string, condition: WriteCondition): void => {
    const there = objects.get(key);
    const holds = condition.kind === "absent" ? there === undefined : there?.etag === condition.etag;
    if (!holds) throw new PreconditionFailed(key);
  };
  return {
    objects,
    changes,
    textOf: (key) => objects.get(key)?.bytes.toString(),
    readText: async (key) => {
      const found = objects.get(key);
      return (
        found && {
          text: found.bytes.toString(),
          etag: found.etag,
          ageSeconds: (Date.now() - found.writtenAtMs) / 1000,
          readAtMs: Date.now(),
        }
      );
    },
    writeText: async ({ key, text, headers, condition }) => {
      if (condition) demand(key, condition);
      return { etag: put(key, Buffer.from(text), headers) };
    },
    uploadFile: async ({ key, path, headers, condition }) => {
      const bytes = await readFile(path);
      if (condition && objects.get(key)?.bytes.length !== bytes.length) demand(key, condition);
      put(key, bytes, headers);
    },
    copy: async (from, to) => {
      const found = objects.get(from);
      if (!found) throw new Error(`no object at ${from}`);
      put(to, found.bytes, found);
    },
    copyAs: async ({ from, to, headers }) => {
      const found = objects.get(from);
      if (!found) throw new Error(`no object at ${from}`);
      put(to, found.bytes, headers);
    },
    downloadFile: async ({ key, path }) => {
      const found = objects.get(key);
      if (!found) throw new Error(`no object at ${key}`);
      await writeFile(path, found.bytes);
    },
    list: async (prefix) =>
      [...objects].filter(([key]) => key.startsWith(prefix)).map(([key, { bytes }]) => ({ key, sizeBytes: bytes.length })),
    remove: async (keys) => {
      for (const key of keys) if (objects.delete(key)) changes.push(`remove ${key}`);
    },
    removeMatching: async ({ key, etag }) => {
      demand(key, { kind: "match", etag });
      objects.delete(key);
      changes.push(`remove ${key}`);
    },
  };
}
