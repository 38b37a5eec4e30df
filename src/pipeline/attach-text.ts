import { InvalidJobError, SourceError, StorageError } from "../domain/errors.ts";
import { ASSET_RECORD, POINTER_COPIES, PRESENTATION, revisionBase } from "../domain/output-layout.ts";
import type { TextFileTrack } from "../domain/plan-text.ts";
import { isSameKind, joiningText } from "../domain/plan-text.ts";
import type { Presentation, WrittenText } from "../packaging/presentation.ts";
import { renderManifests, textObjects } from "../packaging/render.ts";
import type { AssetRecord } from "../publish/asset-record.ts";
import { withText } from "../publish/asset-record.ts";
import type { Published } from "../publish/commit.ts";
import { commitUpon, readPublished, recordText, repairPointers } from "../publish/commit.ts";
import { copyRevision } from "../publish/copy-revision.ts";
import { discardRevision } from "../publish/discard.ts";
import { parsePresentation, presentationRecord } from "../publish/presentation-record.ts";
import { nameRevision } from "./name-revision.ts";
import type { ObjectStore } from "./ports.ts";
import type { TextFile } from "./text-file.ts";
import { placeFile } from "./text-file.ts";

/** Subtitles that join a published asset, or take the place of those of the same language and kind. */
export interface Attachment {
  readonly assetPath: string;
  readonly track: TextFileTrack;
  readonly file: TextFile;
}

export interface AttachTools {
  readonly store: ObjectStore;
  readonly checkLease: () => void;
  readonly signal: AbortSignal;
}

/** Each lost round means that somebody else published a revision meanwhile. */
const MAX_ROUNDS = 8;

/**
 * Publishes the asset's revision with one text rendition more: a server-side copy with new manifests, nothing encoded.
 * "duplicate" when the very file is there already. Throws SourceError source_not_found when nothing is published there.
 */
export async function attachText(attachment: Attachment, tools: AttachTools): Promise<"published" | "duplicate"> {
  const { store, checkLease, signal } = tools;
  const { assetPath } = attachment;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const upon = await readPublished(store, assetPath, signal);
    if (!upon) throw new SourceError("source_not_found", `no asset is published at ${assetPath}`);
    // All of the film comes as the next revision, and would come without it.
    if (upon.record.complete === false) throw new StorageError(`asset ${assetPath} is published in part: its job is not done yet`);
    if (isAttached(upon.record, attachment)) {
      await repairPointers(store, upon.record, { checkLease, signal });
      return "duplicate";
    }
    if (await publishUpon(upon, attachment, tools)) return "published";
  }
  throw new StorageError(`asset ${assetPath} changed ${MAX_ROUNDS} times while a text was attached`);
}

/** A file whose name is not asked for is the same under any. */
const isAttached = ({ text = [] }: AssetRecord, { track, file }: Attachment): boolean =>
  text.some(
    (entry) =>
      entry.sourceHash === file.sourceHash && isSameKind(entry, track) && (track.title === undefined || track.title === entry.name),
  );

/** One try: false when another revision was published meanwhile. Leaves nothing behind unless it is published, or may yet be. */
async function publishUpon(upon: Published, attachment: Attachment, { store, checkLease, signal }: AttachTools): Promise<boolean> {
  const { assetPath } = attachment;
  const { record } = upon;
  const from = `${assetPath}/${revisionBase(record.revision)}`;
  const revision = nameRevision();
  const { presentation, text, replaced } = withAttached(await readPresentation(store, from, signal), attachment);
  const manifests = renderManifests(presentation, revisionBase(revision));
  const next = withText(record, presentation, { revision, publishedAt: new Date().toISOString() });
  const adds = new Map([
    ...textObjects(text, presentation),
    [POINTER_COPIES.hls, manifests.hls],
    [POINTER_COPIES.dash, manifests.dash],
    [PRESENTATION, presentationRecord(presentation)],
    [ASSET_RECORD, recordText(next)],
  ]);
  const keeps = (name: string): boolean => replaced === undefined || !name.startsWith(`${replaced}/`);
  let mayBeShown = false;
  const onSending = (isSent: boolean): void => {
    mayBeShown = isSent;
  };
  try {
    await copyRevision({ store, from, to: `${assetPath}/${revisionBase(revision)}`, keeps, adds }, signal);
    return await commitUpon({ store, upon, record: next, manifests, checkLease, onSending }, signal);
  } finally {
    if (!mayBeShown) await discardRevision(store, { assetPath, revision });
  }
}

async function readPresentation(store: ObjectStore, folder: string, signal: AbortSignal): Promise<Presentation> {
  const stored = await store.readText(folder + PRESENTATION, signal);
  const presentation = stored && parsePresentation(stored.text);
  if (presentation) return presentation;
  throw new InvalidJobError(
    "destination_conflict",
    `${folder} has no ${PRESENTATION} of this version, because Elastic Transcoder made it or an earlier version: publish its source again by another engine, then attach`,
  );
}

interface WithAttached {
  readonly presentation: Presentation;
  readonly text: WrittenText;
  /** Id of the rendition that is gone for it. */
  readonly replaced?: string;
}

/** Files replace files of the same language and kind; tracks inside the source stay beside them. */
function withAttached(presentation: Presentation, { track, file }: Attachment): WithAttached {
  if (presentation.video.length === 0) throw new InvalidJobError("job_malformed", "the asset is sound alone: text goes beside a picture");
  const at = presentation.text.findIndex(({ rendition, sourceHash }) => sourceHash !== undefined && isSameKind(rendition, track));
  const old = presentation.text[at];
  const others = presentation.text.filter((entry) => entry !== old);
  const title = track.title ?? old?.rendition.name;
  const rendition = joiningText(
    { ...track, ...(title === undefined ? {} : { title }) },
    others.map((entry) => entry.rendition),
  );
  const text = { rendition, cues: placeFile(file, presentation.plan), sourceHash: file.sourceHash };
  const all = old ? presentation.text.with(at, text) : [...others, text];
  return { presentation: { ...presentation, text: all }, text, ...(old ? { replaced: old.rendition.id } : {}) };
}
