import type { SourceRef } from "../domain/job.ts";
import type { TextFileTrack } from "../domain/plan-text.ts";
import { isTextKey, keyWithoutExtension, sidecarReadings } from "../media/sidecar-key.ts";
import { readPublished } from "../publish/commit.ts";
import { assetPathOf, isSameObject, sourceId } from "../publish/identity.ts";
import type { AttachDeps } from "./deps.ts";

export interface TextTarget {
  readonly assetPath: string;
  readonly track: TextFileTrack;
}

/**
 * The published video that a subtitles file belongs to by its key, and what it is there: beside the source with the longest
 * name that the key begins with. Undefined when nothing is published for that source.
 */
export async function findTarget({ bucket, key }: SourceRef, deps: AttachDeps, signal: AbortSignal): Promise<TextTarget | undefined> {
  for (const { stem, track } of sidecarReadings(key)) {
    const listed = await deps.sources.list({ bucket, prefix: `${stem}.` }, signal);
    const beside = listed.map((object) => object.key).filter((name) => !isTextKey(name) && keyWithoutExtension(name) === stem);
    const assetPath = await publishedFor({ bucket, stem, beside }, deps, signal);
    if (assetPath !== undefined) return { assetPath, track };
    if (beside.length > 0) return undefined;
  }
  return undefined;
}

interface Stem {
  readonly bucket: string;
  readonly stem: string;
  /** Keys of sources with this name. */
  readonly beside: readonly string[];
}

async function publishedFor({ bucket, stem, beside }: Stem, deps: AttachDeps, signal: AbortSignal): Promise<string | undefined> {
  const { published, settings } = deps;
  const isGone = beside.length === 0;
  // A source may have no extension; one that is gone from its bucket leaves its asset's path to be told from any.
  const bare = keyWithoutExtension(stem) === stem ? [stem] : [];
  for (const key of [...beside, ...bare, ...(isGone ? [`${stem}.mp4`] : [])]) {
    const assetPath = settings.publishPrefix + assetPathOf(settings.assetPathTemplate, { bucket, key });
    const record = (await readPublished(published, assetPath, signal))?.record;
    // Sound alone has no width.
    if (record?.["width"] === undefined) continue;
    // An early part: its job is not done, and takes along what lies beside its source when it is.
    if (record.complete === false) continue;
    if (isGone || isSameObject(record.source.id, sourceId({ bucket, key }, ""))) return assetPath;
  }
  return undefined;
}
