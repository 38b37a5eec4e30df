import { writeFileSync } from "node:fs";
import { SourceError, StorageError } from "../../src/domain/errors.ts";
import type { SourceObject, SourceStore } from "../../src/pipeline/ports.ts";
import { SourceChanged } from "../../src/pipeline/ports.ts";
import { send } from "./requests.ts";
import type { World } from "./world.ts";

/** One upload of one key. */
export interface Upload {
  readonly key: string;
  /** Of its contents: the same contents again have the same. */
  readonly etag: string;
  readonly versionId: string;
  readonly content: string;
  /** By the clock of the bucket. */
  readonly lastModified: string;
}

export interface ModelUploads {
  readonly store: SourceStore;
  /** In the order of their upload; the last one of a key is what the key holds. */
  readonly history: readonly Upload[];
  upload(upload: Omit<Upload, "versionId" | "lastModified">): Upload;
  latest(key: string): Upload | undefined;
}

export const UPLOADS = "uploads";

/** The bucket that sources come from: strongly consistent, with every version kept. */
export function createModelUploads(world: World): ModelUploads {
  const history: Upload[] = [];
  const latest = (key: string): Upload | undefined => history.findLast((upload) => upload.key === key);
  const failure = (): Error => new StorageError("the model does not serve");
  const call = { failure, faults: ["refused"] as const };
  const find = (key: string, versionId: string | undefined): Upload => {
    const found = versionId === undefined ? latest(key) : history.find((upload) => upload.versionId === versionId);
    if (!found) throw new SourceError("source_not_found", "there is no such object");
    return found;
  };
  const store: SourceStore = {
    head: async (ref, signal) =>
      send(world, {
        ...call,
        label: `head ${ref.key}${ref.versionId === undefined ? "" : ` ${ref.versionId}`}`,
        signal,
        apply: (): SourceObject => {
          const { etag, content, lastModified } = find(ref.key, ref.versionId);
          return { ref, etag, sizeBytes: content.length, lastModified };
        },
      }),
    list: async ({ prefix }, signal) =>
      send(world, {
        ...call,
        label: `list ${prefix}`,
        signal,
        apply: () => {
          const keys = new Set(history.map(({ key }) => key).filter((key) => key.startsWith(prefix)));
          return [...keys].toSorted().map((key) => {
            const { etag, content } = find(key, undefined);
            return { key, etag, sizeBytes: content.length };
          });
        },
      }),
    download: async (object, path, { signal, onBytes }) => {
      const { ref, etag } = object;
      const content = await send(world, {
        ...call,
        label: `download ${ref.key}`,
        signal,
        apply: () => {
          const found = find(ref.key, ref.versionId);
          if (found.etag !== etag) throw new SourceChanged(ref.key);
          return found.content;
        },
      });
      writeFileSync(path, content);
      onBytes?.(content.length);
    },
  };
  return {
    store,
    history,
    latest,
    upload: (upload) => {
      const made = {
        ...upload,
        versionId: `version-${history.length + 1}`,
        lastModified: new Date(Math.floor(Date.now() / 1000) * 1000).toISOString(),
      };
      history.push(made);
      return made;
    },
  };
}
