import { OutputError } from "../domain/errors.ts";
import type { ObjectStore } from "../pipeline/ports.ts";

/** Works off `items`, so many at a time, to the end even when some fail; throws the first failure then. */
export async function forAll<T>(items: Iterable<T>, concurrency: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = Iterator.from(items);
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  const results = await Promise.allSettled(Array.from({ length: concurrency }, worker));
  const failures: unknown[] = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  if (failures.length > 0) throw failures[0];
}

/**
 * What the store lists must be what was written to it, object by object (RELIABILITY.md R-P2); `files` are the sizes by
 * name inside the revision. Throws OutputError output_incomplete.
 */
export async function requireListed(
  { store, prefix }: { readonly store: ObjectStore; readonly prefix: string },
  files: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<void> {
  const listed = new Map((await store.list(prefix, signal)).map(({ key, sizeBytes }) => [key, sizeBytes]));
  const wrong = [...files].filter(([name, sizeBytes]) => listed.get(prefix + name) !== sizeBytes).map(([name]) => name);
  if (wrong.length === 0) return;
  throw new OutputError("output_incomplete", `${wrong.length} objects of the revision are missing or of another size`, {
    facts: { objects: wrong.slice(0, 20) },
  });
}
