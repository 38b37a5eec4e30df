import { createHash } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { StorageError } from "../../src/domain/errors.ts";
import type { ObjectStore, WriteCondition } from "../../src/pipeline/ports.ts";
import { PreconditionFailed } from "../../src/pipeline/ports.ts";
import type { SweepBucket } from "../../src/publish/sweep.ts";
import type { Aged } from "../../src/publish/sweep-plan.ts";
import { send } from "./requests.ts";
import type { Life } from "./scheduler.ts";
import { EPOCH_MS } from "./virtual-process.ts";
import type { World } from "./world.ts";
import { lives } from "./world.ts";

export interface ModelObject {
  /** Undefined for media: its size is all that matters here. */
  readonly text: string | undefined;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly writtenAtMs: number;
}

/** What a bucket tells whoever watches, at the moment when it happens there. */
export type BucketChange =
  | { readonly kind: "put"; readonly key: string; readonly object: ModelObject }
  | { readonly kind: "remove"; readonly key: string; readonly by: Life | undefined };

export interface ModelBucket {
  readonly objects: ReadonlyMap<string, ModelObject>;
  readonly store: ObjectStore;
  readonly sweeping: SweepBucket;
}

export interface BucketOptions {
  readonly name: string;
  readonly onChange: (change: BucketChange) => void;
  /** Told of a write when it is sent, in the process that sends it. */
  readonly onSend: (key: string) => void;
  /** False: a bucket that does every write, whatever it demands. */
  readonly honoursConditions: boolean;
  /** False: a bucket whose listings show what was sent instead of what is there. */
  readonly listsTruly: boolean;
}

/** An ETag is of the contents, as S3's is: what is written again as it was has the same. */
const etagOf = (text: string): string => createHash("md5").update(text).digest("hex");

/**
 * A bucket with S3's promises and no others: each request is one step, reads and listings see every write before them,
 * conditional writes are judged when they are done. Requests fail as the adapter's callers see it, after its own tries: a
 * 409 and a 503 are StorageErrors, a lost answer is one or, after a second try, a PreconditionFailed of one's own write.
 */
export function createModelBucket(world: World, options: BucketOptions): ModelBucket {
  const objects = new Map<string, ModelObject>();
  const pretended = new Map<string, number>();
  const { name, onChange } = options;
  const failure = (): Error => new StorageError("the model does not serve");
  const put = (key: string, content: { text?: string | undefined; sizeBytes: number; etag: string }): string => {
    const object = { text: undefined, ...content, writtenAtMs: world.scheduler.now() };
    objects.set(key, object);
    onChange({ kind: "put", key, object });
    return object.etag;
  };
  const demand = (key: string, condition: WriteCondition | undefined): void => {
    if (!condition || !options.honoursConditions) return;
    const there = objects.get(key);
    const holds = condition.kind === "absent" ? there === undefined : there?.etag === condition.etag;
    if (!holds) throw new PreconditionFailed(key);
  };
  const call = { failure };
  const copy = async (from: string, to: string, signal?: AbortSignal): Promise<void> =>
    send(world, {
      ...call,
      label: `copy ${name}/${to}`,
      signal,
      apply: () => {
        const found = objects.get(from);
        if (!found) throw new StorageError(`no object at ${from}`);
        put(to, found);
      },
    });
  const store: ObjectStore = {
    readText: async (key, signal) =>
      send(world, {
        ...call,
        label: `get ${name}/${key}`,
        signal,
        faults: ["refused"],
        apply: () => {
          const found = objects.get(key);
          // Both dates come in whole seconds.
          const nowSeconds = wholeSeconds(world.scheduler.now());
          const ageSeconds = nowSeconds - wholeSeconds(found?.writtenAtMs ?? 0);
          return found && { text: found.text ?? "", etag: found.etag, ageSeconds, readAtMs: EPOCH_MS + nowSeconds * 1000 };
        },
      }),
    writeText: async ({ key, text, condition }, signal) => {
      options.onSend(key);
      return send(world, {
        ...call,
        label: `put ${name}/${key}`,
        signal,
        apply: () => {
          demand(key, condition);
          return { etag: put(key, { text, sizeBytes: Buffer.byteLength(text), etag: etagOf(text) }) };
        },
      });
    },
    uploadFile: async ({ key, path, condition }, signal) => {
      const sizeBytes = statSync(path).size;
      // Read when it is sent: the folder may be gone when it arrives.
      const text = /\.(?:m4s|mp4|jpg)$/.test(path) ? undefined : readFileSync(path, "utf8");
      const pretend = (): void => void pretended.set(key, sizeBytes);
      const apply = (): void => {
        // An object of the same size counts as one's own, as the adapter has it.
        if (condition && objects.get(key)?.sizeBytes === sizeBytes) return;
        demand(key, condition);
        put(key, { text, sizeBytes, etag: etagOf(text ?? key) });
      };
      await send(world, { ...call, label: `upload ${name}/${key}`, signal, apply, pretend, faults: [...UPLOAD_FAULTS] });
    },
    copy: async (from, to, signal) => copy(from, to, signal),
    copyAs: async ({ from, to }, signal) => copy(from, to, signal),
    downloadFile: async ({ key, path }, signal) => {
      const { sizeBytes } = await send(world, {
        ...call,
        label: `download ${name}/${key}`,
        signal,
        faults: ["refused"],
        apply: () => {
          const found = objects.get(key);
          if (!found) throw new StorageError(`no object at ${key}`);
          return found;
        },
      });
      writeFileSync(path, Buffer.alloc(sizeBytes));
    },
    list: async (prefix, signal) =>
      send(world, {
        ...call,
        label: `list ${name}/${prefix}`,
        signal,
        faults: ["refused"],
        apply: () => {
          const there = [...objects].map(([key, { sizeBytes }]) => ({ key, sizeBytes }));
          const claimed = options.listsTruly ? [] : [...pretended].map(([key, sizeBytes]) => ({ key, sizeBytes }));
          return [...there, ...claimed].filter(({ key }) => key.startsWith(prefix));
        },
      }),
    remove: async (keys, signal) => {
      const by = lives.getStore();
      return send(world, {
        ...call,
        label: `remove ${keys.length} of ${name}/${keys[0] ?? ""}`,
        signal,
        apply: () => {
          for (const key of keys) if (objects.delete(key)) onChange({ kind: "remove", key, by });
        },
      });
    },
    removeMatching: async ({ key, etag }, signal) => {
      const by = lives.getStore();
      return send(world, {
        ...call,
        label: `remove ${name}/${key}`,
        signal,
        apply: () => {
          demand(key, { kind: "match", etag });
          if (objects.delete(key)) onChange({ kind: "remove", key, by });
        },
      });
    },
  };
  const listAged = async (prefix: string, signal: AbortSignal): Promise<readonly Aged[]> =>
    send(world, {
      ...call,
      label: `list ${name}/${prefix} with ages`,
      signal,
      faults: ["refused"],
      apply: () => {
        const now = wholeSeconds(world.scheduler.now());
        const there = [...objects].filter(([key]) => key.startsWith(prefix));
        return there.map(([key, { writtenAtMs }]) => ({ key, ageSeconds: now - wholeSeconds(writtenAtMs) }));
      },
    });
  const sweeping: SweepBucket = {
    pages: async function* (prefix, signal) {
      yield await listAged(prefix, signal);
    },
    // Every upload of the model is one request.
    uploads: async function* () {},
    abort: async () => {},
  };
  return { objects, store, sweeping };
}

const wholeSeconds = (ms: number): number => Math.floor(ms / 1000);

const UPLOAD_FAULTS = ["refused", "unanswered", "late", "dropped"] as const;
