import { OutputError, SourceError, StorageError } from "../domain/errors.ts";
import { ASSET_RECORD, revisionBase } from "../domain/output-layout.ts";
import type { ObjectStore } from "../pipeline/ports.ts";
import type { AssetRecord } from "./asset-record.ts";
import { parseAssetRecord } from "./asset-record.ts";
import type { Published } from "./commit.ts";
import { commitUpon, manifestsOf, pointersShow, readPublished, repairPointers } from "./commit.ts";
import { requireWhole } from "./whole-revision.ts";

export interface RollbackRequest {
  readonly store: ObjectStore;
  readonly assetPath: string;
  readonly now?: () => Date;
}

/** What a rollback did: moved the asset, finished a move that was broken off before, or found nothing to go back to. */
export type Rollback =
  | { readonly kind: "rolled-back"; readonly from: string; readonly to: string }
  | { readonly kind: "finished"; readonly to: string }
  | { readonly kind: "nothing"; readonly at: string };

/**
 * Makes the previous revision the published one again, in the order and under the conditions of any commit. The revision it
 * leaves is the previous one then, so a second rollback goes forward again; a rollback that was killed between asset.json
 * and the pointers is only finished. What was rolled back is marked as withdrawn (see `decide`). Throws SourceError
 * source_not_found, OutputError output_incomplete when the previous revision is not whole, StorageError.
 */
export async function rollBack({ store, assetPath, now = () => new Date() }: RollbackRequest, signal: AbortSignal): Promise<Rollback> {
  const upon = await readPublished(store, assetPath, signal);
  if (!upon) throw new SourceError("source_not_found", `no asset is published at ${assetPath}`);
  const { revision: from, previous: to } = upon.record;
  const checkLease = (): void => signal.throwIfAborted();
  if (!(await pointersShow(store, upon.record, signal))) {
    await repairPointers(store, upon.record, { checkLease, signal });
    return { kind: "finished", to: from };
  }
  if (to === undefined) return { kind: "nothing", at: from };
  const record = withdrawing(upon, await recordOf(store, { assetPath, revision: to }, signal), now());
  const manifests = await manifestsOf(store, record, signal);
  await requireWhole(store, { record, manifests }, signal);
  if (!(await commitUpon({ store, upon, record, manifests, checkLease }, signal)))
    throw new StorageError(`asset ${assetPath} was published anew meanwhile: look at it before you try again`);
  return { kind: "rolled-back", from, to };
}

async function recordOf(
  store: ObjectStore,
  { assetPath, revision }: Pick<AssetRecord, "assetPath" | "revision">,
  signal: AbortSignal,
): Promise<AssetRecord> {
  const stored = await store.readText(`${assetPath}/${revisionBase(revision)}${ASSET_RECORD}`, signal);
  const record = stored && parseAssetRecord(stored.text);
  if (record?.revision === revision && record.assetPath === assetPath) return record;
  throw new OutputError(
    "output_incomplete",
    `revision ${revision} of ${assetPath} has no record: it is gone, or an earlier version made it`,
  );
}

/** The same bytes in the same ladder are not withdrawn: what changed between the two revisions is its text. */
function withdrawing({ record: left, readAtMs }: Published, { withdrawn: _former, ...record }: AssetRecord, at: Date): AssetRecord {
  if (left.source.id === record.source.id && left.ladderHash === record.ladderHash)
    return left.withdrawn ? { ...record, withdrawn: left.withdrawn } : record;
  // What was sent before carries the time of S3 or SQS; the clock of whoever rolls back may be behind theirs.
  const after = new Date(Math.max(at.getTime(), readAtMs, Date.parse(left.createdAt) + 1));
  return { ...record, withdrawn: { sourceId: left.source.id, ladderHash: left.ladderHash, at: after.toISOString() } };
}
