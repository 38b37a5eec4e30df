import { revisionBase } from "../domain/output-layout.ts";
import type { ObjectStore } from "../pipeline/ports.ts";
import { readPublished } from "./commit.ts";

const DEADLINE_MS = 10_000;

/**
 * Removes the objects of a revision that was not published, as far as that is possible within ten seconds; what stays is
 * the sweep's. A revision that asset.json names, as the published or the previous one, is never touched: a commit whose answer was
 * lost may have gone through.
 * Never throws.
 */
export async function discardRevision(store: ObjectStore, { assetPath, revision }: { assetPath: string; revision: string }): Promise<void> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  try {
    const published = await readPublished(store, assetPath, signal);
    if (published && [published.record.revision, published.record.previous].includes(revision)) return;
    const objects = await store.list(`${assetPath}/${revisionBase(revision)}`, signal);
    await store.remove(
      objects.map(({ key }) => key),
      signal,
    );
  } catch {
    // Best effort: the failure that brought us here is the one to report.
  }
}
