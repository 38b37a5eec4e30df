import { OutputError } from "../domain/errors.ts";
import type { ListedObject, ObjectStore } from "../pipeline/ports.ts";
import { immutableHeaders } from "./headers.ts";

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
    .map(({ key, sizeBytes }) => ({ key: key.slice(from.length), sizeBytes }))
    .filter(({ key }) => keeps(key) && !adds.has(key));
  const writes = [
    ...kept.map(
      ({ key }) =>
        async () =>
          store.copy(from + key, to + key, signal),
    ),
    ...[...adds].map(([name, text]) => async () => {
      await store.writeText({ key: to + name, text, headers: immutableHeaders(name) }, signal);
    }),
  ];
  await allOf(writes);
  const added = [...adds].map(([key, text]) => ({ key, sizeBytes: Buffer.byteLength(text) }));
  requireAll([...kept, ...added], await store.list(to, signal), to);
}

async function allOf(writes: readonly (() => Promise<void>)[]): Promise<void> {
  const queue = writes.values();
  const worker = async (): Promise<void> => {
    for (const write of queue) await write();
  };
  const results = await Promise.allSettled(Array.from({ length: CONCURRENCY }, worker));
  const failures: unknown[] = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  if (failures.length > 0) throw failures[0];
}

function requireAll(due: readonly ListedObject[], listed: readonly ListedObject[], prefix: string): void {
  const sizes = new Map(listed.map(({ key, sizeBytes }) => [key, sizeBytes]));
  const wrong = due.filter(({ key, sizeBytes }) => sizes.get(prefix + key) !== sizeBytes).map(({ key }) => key);
  if (wrong.length === 0) return;
  throw new OutputError("output_incomplete", `${wrong.length} copied objects are missing or of another size`, {
    facts: { objects: wrong.slice(0, 20) },
  });
}
