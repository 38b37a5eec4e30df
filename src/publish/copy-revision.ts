import type { ObjectStore } from "../pipeline/ports.ts";
import { immutableHeaders } from "./headers.ts";
import { forAll, requireListed } from "./revision-objects.ts";

export interface RevisionCopy {
  readonly store: ObjectStore;
  /** Where the objects are and where they go: "<assetPath>/r/<revision>/". */
  readonly from: string;
  readonly to: string;
  /** Which of them the new revision keeps, by name inside the revision. */
  readonly keeps: (name: string) => boolean;
  /** What it has instead or besides: texts by name. */
  readonly adds: ReadonlyMap<string, string>;
}

/** A copy is a request without a body. */
const CONCURRENCY = 16;

/**
 * Makes a revision of another one inside the store: no byte of media passes through here. Resolves when a listing shows
 * every object in its size. Throws OutputError output_incomplete.
 */
export async function copyRevision({ store, from, to, keeps, adds }: RevisionCopy, signal: AbortSignal): Promise<void> {
  const kept = (await store.list(from, signal))
    .map(({ key, sizeBytes }) => [key.slice(from.length), sizeBytes] as const)
    .filter(([name]) => keeps(name) && !adds.has(name));
  const files = new Map([...kept, ...[...adds].map(([name, text]) => [name, Buffer.byteLength(text)] as const)]);
  await forAll(files.keys(), CONCURRENCY, async (name) => {
    const text = adds.get(name);
    if (text === undefined) await store.copy(from + name, to + name, signal);
    else await store.writeText({ key: to + name, text, headers: immutableHeaders(name) }, signal);
  });
  await requireListed({ store, prefix: to }, files, signal);
}
