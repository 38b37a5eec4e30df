import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { OutputError } from "../domain/errors.ts";
import { assetKeys, revisionBase } from "../domain/output-layout.ts";
import type { ObjectStore } from "../pipeline/ports.ts";
import type { WholeRevision } from "../publish/whole-revision.ts";
import { readPublished } from "../publish/commit.ts";
import { forAll } from "../publish/revision-objects.ts";
import { requireWhole } from "../publish/whole-revision.ts";

const CONCURRENCY = 4;
/** A commit writes the record, then the pointers. */
const POINTERS_MS = 30_000;
const POLL_MS = 500;

/**
 * Reads an asset as a player would: its record, both pointers, every playlist, and the bytes of every object of its revision.
 * Resolves to how many objects those were. Throws OutputError output_incomplete when one is missing or shorter than listed.
 */
export async function fetchBack(store: ObjectStore, assetPath: string, signal: AbortSignal): Promise<number> {
  const shown = await untilShown(store, assetPath, signal);
  await requireWhole(store, shown, signal);
  const objects = await store.list(`${assetPath}/${revisionBase(shown.record.revision)}`, signal);
  const folder = await mkdtemp(join(tmpdir(), "ladderd-fetch-"));
  try {
    await forAll(objects.entries(), CONCURRENCY, async ([index, { key, sizeBytes }]) => {
      const path = join(folder, `${index}`);
      await store.downloadFile({ key, path }, signal);
      const { size } = await stat(path);
      if (size !== sizeBytes) throw new OutputError("output_incomplete", `${key} has ${size} bytes, listed are ${sizeBytes}`);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return objects.length;
}

/** What is published there, as soon as both pointers show the revision of its record. */
async function untilShown(store: ObjectStore, assetPath: string, signal: AbortSignal): Promise<WholeRevision> {
  const keys = assetKeys(assetPath);
  const deadline = performance.now() + POINTERS_MS;
  for (;;) {
    const [published, ...pointers] = await Promise.all([
      readPublished(store, assetPath, signal),
      store.readText(keys.hls, signal),
      store.readText(keys.dash, signal),
    ]);
    const [hls = "", dash = ""] = pointers.map((pointer) => pointer?.text);
    const isShown = (pointer: string): boolean => published !== undefined && pointer.includes(revisionBase(published.record.revision));
    if (published && isShown(hls) && isShown(dash)) return { record: published.record, manifests: { hls, dash } };
    if (performance.now() > deadline)
      throw new OutputError("output_incomplete", `${assetPath} has a record, but no manifests that show it`);
    await sleep(POLL_MS, undefined, { signal });
  }
}
