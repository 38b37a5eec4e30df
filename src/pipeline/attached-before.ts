import type { TextRendition } from "../domain/encode-plan.ts";
import { ClaimHeldError } from "../domain/errors.ts";
import { revisionBase } from "../domain/output-layout.ts";
import { isSameKind, joiningText } from "../domain/plan-text.ts";
import type { WrittenText } from "../packaging/presentation.ts";
import { WHOLE_TEXT } from "../packaging/text-playlist.ts";
import { parseCues } from "../packaging/webvtt.ts";
import type { AssetRecord } from "../publish/asset-record.ts";
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

export interface AttachedBefore {
  readonly kept: readonly WrittenText[];
  /** Every text that was attached then, kept or not. */
  readonly marks: ReadonlySet<string>;
}

/**
 * The subtitles that were attached to what is published of the very same source, for its next revision (another ladder, a
 * repetition): all but those of which a file of the same language and kind lies beside the source now.
 */
export async function attachedBefore(
  asset: AssetOfSource,
  beside: BesideThem,
  from: { store: ObjectStore; signal: AbortSignal },
): Promise<AttachedBefore> {
  const { store, signal } = from;
  const published = (await readPublished(store, asset.assetPath, signal))?.record;
  if (published?.source.id !== asset.sourceId) return { kept: [], marks: new Set() };
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
  return { kept, marks: new Set(marksOf(published)) };
}

/**
 * Throws ClaimHeldError for a record of the same source to which subtitles were attached after `attachedBefore` looked: who
 * attached them was told that they are published, and the next attempt takes them along.
 */
export function spareAttached(published: AssetRecord, sourceId: string, marks: ReadonlySet<string>): void {
  if (published.source.id !== sourceId || marksOf(published).every((mark) => marks.has(mark))) return;
  throw new ClaimHeldError(`subtitles were attached to ${published.assetPath} while it was made anew`);
}

const marksOf = ({ text = [] }: AssetRecord): string[] =>
  text.flatMap(({ language, name, forced, sdh, sourceHash }) =>
    sourceHash === undefined ? [] : JSON.stringify([language, name, forced, sdh === true, sourceHash]),
  );
