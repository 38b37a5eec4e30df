import type { TextRendition } from "../domain/encode-plan.ts";
import { revisionBase } from "../domain/output-layout.ts";
import { isSameKind, joiningText } from "../domain/plan-text.ts";
import type { WrittenText } from "../packaging/presentation.ts";
import { WHOLE_TEXT } from "../packaging/text-playlist.ts";
import { parseCues } from "../packaging/webvtt.ts";
import { readPublished } from "../publish/commit.ts";
import type { ObjectStore } from "./ports.ts";

/** The asset that is about to be published once more. */
export interface AssetOfSource {
  readonly assetPath: string;
  readonly sourceId: string;
}

export interface BesideThem {
  /** What lies in files beside the source. */
  readonly written: readonly WrittenText[];
  /** Every rendition that has an id and a name already. */
  readonly renditions: readonly TextRendition[];
}

/**
 * The subtitles that were attached to what is published of the very same source, for its next revision (another ladder, a
 * repetition): all but those of which a file of the same language and kind lies beside the source now.
 */
export async function attachedBefore(asset: AssetOfSource, beside: BesideThem, from: { store: ObjectStore; signal: AbortSignal }) {
  const { store, signal } = from;
  const published = (await readPublished(store, asset.assetPath, signal))?.record;
  if (published?.source.id !== asset.sourceId) return [];
  const kept: WrittenText[] = [];
  const renditions = [...beside.renditions];
  for (const entry of published.text ?? []) {
    const { id, name, sourceHash } = entry;
    const isReplaced = beside.written.some(({ rendition }) => isSameKind(rendition, entry));
    if (sourceHash === undefined || isReplaced) continue;
    const key = `${asset.assetPath}/${revisionBase(published.revision)}${id}/${WHOLE_TEXT}`;
    // Its times are on the one timeline of this source already.
    const cues = parseCues((await store.readText(key, signal))?.text ?? "");
    const rendition = joiningText({ ...entry, sdh: entry.sdh === true, title: name }, renditions);
    renditions.push(rendition);
    kept.push({ rendition, cues, sourceHash });
  }
  return kept;
}
