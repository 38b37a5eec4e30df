import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OutputError } from "../domain/errors.ts";
import { assetKeys, revisionBase } from "../domain/output-layout.ts";
import type { ObjectStore } from "../pipeline/ports.ts";
import { readPublished } from "../publish/commit.ts";
import { forAll } from "../publish/revision-objects.ts";
import { requireWhole } from "../publish/whole-revision.ts";

const CONCURRENCY = 4;

/**
 * Reads an asset as a player would: its record, both pointers, every playlist, and the bytes of every object of its revision.
 * Resolves to how many objects those were. Throws OutputError output_incomplete when one is missing or shorter than listed.
 */
export async function fetchBack(store: ObjectStore, assetPath: string, signal: AbortSignal): Promise<number> {
  const keys = assetKeys(assetPath);
  const [published, hls, dash] = await Promise.all([
    readPublished(store, assetPath, signal),
    store.readText(keys.hls, signal),
    store.readText(keys.dash, signal),
  ]);
  if (!published || !hls || !dash) throw new OutputError("output_incomplete", `${assetPath} has no record or no manifests`);
  const { record } = published;
  await requireWhole(store, { record, manifests: { hls: hls.text, dash: dash.text } }, signal);
  const objects = await store.list(`${assetPath}/${revisionBase(record.revision)}`, signal);
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
