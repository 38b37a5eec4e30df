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
 * name that the key begins with. Undefined when nothing is published for such a source.
 */
export async function findTarget(subtitles: SourceRef, deps: AttachDeps, signal: AbortSignal): Promise<TextTarget | undefined> {
  const { bucket, key } = subtitles;
  for (const { stem, track } of sidecarReadings(key)) {
    const assetPath = await publishedFor({ bucket, stem }, deps, signal);
    if (assetPath !== undefined) return { assetPath, track };
  }
  return undefined;
}

interface Stem {
  readonly bucket: string;
  readonly stem: string;
}

async function publishedFor({ bucket, stem }: Stem, deps: AttachDeps, signal: AbortSignal): Promise<string | undefined> {
  const { sources, published, settings } = deps;
  const listed = await sources.list({ bucket, prefix: `${stem}.` }, signal);
  const beside = listed.map(({ key }) => key).filter((key) => !isTextKey(key) && keyWithoutExtension(key) === stem);
  const isGone = beside.length === 0;
  // A source that is gone from its bucket leaves its asset's path to be told from any extension.
  for (const key of [...beside, stem, ...(isGone ? [`${stem}.mp4`] : [])]) {
    const assetPath = settings.publishPrefix + assetPathOf(settings.assetPathTemplate, { bucket, key });
    const record = (await readPublished(published, assetPath, signal))?.record;
    // Sound alone has no width.
    if (record?.["width"] === undefined) continue;
    if (isGone || isSameObject(record.source.id, sourceId({ bucket, key }, ""))) return assetPath;
  }
  return undefined;
}
