import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ShutdownError } from "../domain/errors.ts";
import type { ObjectStore } from "../pipeline/ports.ts";
import { immutableHeaders } from "./headers.ts";
import { forAll, requireListed } from "./revision-objects.ts";

export interface AttemptTarget {
  readonly store: ObjectStore;
  /** Where the revision's objects go: "<assetPath>/r/<revision>/". */
  readonly prefix: string;
  /** Folder on disk, one subfolder per rendition. */
  readonly outDir: string;
  readonly renditionIds: readonly string[];
  /** Names that lie under the prefix already, as they are on disk in the end. */
  readonly present?: ReadonlySet<string>;
  /** Renditions that lie in a published revision as they are on disk: their media is copied from there by the store. */
  readonly reuse?: { readonly prefix: string; readonly ids: ReadonlySet<string> };
  /** Whether an attempt after this one may go on from what lies there. */
  readonly isLeft?: boolean;
  /** Media that lies under the prefix by the name another program gave it: from ours to that one. The store copies it. */
  readonly renamed?: ReadonlyMap<string, string>;
}

export interface AttemptUpload {
  /** Uploads what has not gone up yet, given every file with its size; resolves when all are there, to the bytes sent from here. */
  finish(files: ReadonlyMap<string, number>): Promise<number>;
  /** Stops following the encode; what is under way ends first. */
  stop(): Promise<void>;
}

const POLL_MS = 500;
/** Between rounds while the store serves nothing: an encode may be longer than a storm (RELIABILITY.md R-L5). */
const LONGEST_PAUSE_MS = 30_000;
const CONCURRENCY = 6;
/** Beside the end of the encoder's programs: who asks for a stop twice waits five seconds in all (RELIABILITY.md R-D2). */
const LEAVE_MS = 2000;

/**
 * Follows an encode and uploads each segment once the next one exists (the packager creates segments empty and fills
 * them; init segments are rewritten at the end, so they wait for `finish`). When the worker stops, what is whole still
 * goes up, for the attempt after this one, in the seconds that there are.
 */
export function uploadWhileEncoding(target: AttemptTarget, signal: AbortSignal): AttemptUpload {
  const done = new Set(target.present);
  const following = new AbortController();
  const stopped = AbortSignal.any([signal, following.signal]);
  const sending = target.isLeft === true ? untilLeft(signal) : signal;
  const upload = async (): Promise<boolean> => {
    // A failed upload is not lost: a later round tries what is missing again, and finish() reports.
    const round = uploadAll(target, await finishedSegments(target, done), { done, signal: sending });
    return round.then(
      () => true,
      () => false,
    );
  };
  const follow = async (): Promise<void> => {
    for (let pauseMs = POLL_MS; !stopped.aborted;) {
      pauseMs = (await upload()) ? POLL_MS : Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      await sleep(pauseMs, undefined, { signal: stopped }).catch(() => undefined);
    }
    if (signal.aborted && !sending.aborted) await upload();
  };
  const followed = follow().catch(() => undefined);
  const stop = async (): Promise<void> => {
    following.abort();
    await followed;
  };
  return {
    stop,
    async finish(files) {
      await stop();
      signal.throwIfAborted();
      const missing = [...files.keys()].filter((name) => !done.has(name));
      await uploadAll(target, missing, { done, signal: sending });
      await requireListed(target, files, signal);
      return [...files].reduce((total, [name, sizeBytes]) => total + (isHere(target, name) ? sizeBytes : 0), 0);
    },
  };
}

/** Ends with `signal`; LEAVE_MS later when that is for a stop of the worker: it holds the claim until it gives it back. */
function untilLeft(signal: AbortSignal): AbortSignal {
  const sending = new AbortController();
  const end = (): void => sending.abort(signal.reason);
  const onAbort = (): void => {
    if (signal.reason instanceof ShutdownError) setTimeout(end, LEAVE_MS).unref();
    else end();
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return sending.signal;
}

async function finishedSegments({ outDir, renditionIds }: AttemptTarget, done: ReadonlySet<string>): Promise<string[]> {
  const lists = await Promise.all(
    renditionIds.map(async (id) => {
      const names = await readdir(join(outDir, id)).catch(() => []);
      const segments = names.filter((name) => name.endsWith(".m4s")).toSorted();
      return segments.slice(0, -1).map((name) => `${id}/${name}`);
    }),
  );
  return lists.flat().filter((name) => !done.has(name));
}

async function uploadAll(
  target: AttemptTarget,
  names: readonly string[],
  { done, signal }: { done: Set<string>; signal: AbortSignal },
): Promise<void> {
  await forAll(names, CONCURRENCY, async (name) => {
    await put(target, name, signal);
    done.add(name);
  });
}

/** Playlists are of their revision, media of its rendition. */
const isReused = ({ reuse }: AttemptTarget, name: string): boolean =>
  reuse !== undefined && reuse.ids.has(dirname(name)) && /\.(?:m4s|mp4)$/.test(name);

const isHere = (target: AttemptTarget, name: string): boolean =>
  !isReused(target, name) && !target.present?.has(name) && !target.renamed?.has(name);

async function put(target: AttemptTarget, name: string, signal: AbortSignal): Promise<void> {
  const { store, prefix, outDir, reuse } = target;
  const from = target.renamed?.get(name);
  if (from !== undefined) await store.copyAs({ from: prefix + from, to: prefix + name, headers: immutableHeaders(name) }, signal);
  else if (reuse && isReused(target, name)) await store.copy(reuse.prefix + name, prefix + name, signal);
  else {
    // A revision is one attempt's (RELIABILITY.md R-P1): what is there was not made by this one.
    const condition = { kind: "absent" } as const;
    await store.uploadFile({ key: prefix + name, path: join(outDir, name), headers: immutableHeaders(name), condition }, signal);
  }
}
