import { assetKeys } from "../domain/output-layout.ts";
import type { ObjectStore } from "../pipeline/ports.ts";
import { parseAssetRecord } from "./asset-record.ts";
import { forAll } from "./revision-objects.ts";
import type { Aged, Naming, RevisionFolder } from "./sweep-plan.ts";
import { folderOf, isOld, isOrphan, revisionFolders, revisionOf } from "./sweep-plan.ts";

export interface UnfinishedUpload extends Aged {
  readonly uploadId: string;
}

/** A bucket as a sweep reads it, in pages. Errors are JobErrors. */
export interface SweepBucket {
  pages(prefix: string, signal: AbortSignal): AsyncIterable<readonly Aged[]>;
  uploads(prefix: string, signal: AbortSignal): AsyncIterable<readonly UnfinishedUpload[]>;
  abort(upload: UnfinishedUpload, signal: AbortSignal): Promise<void>;
}

/** What the claims say. */
export interface ClaimSweep {
  /** Revisions that some attempt lately left to the next one. */
  readonly left: ReadonlySet<string>;
  /** Keys of claims that ended long ago. */
  readonly ended: readonly string[];
}

export interface SweepOptions {
  readonly published: { readonly store: ObjectStore; readonly bucket: SweepBucket };
  readonly readClaims: (signal: AbortSignal) => Promise<ClaimSweep>;
  /** Removes a claim unless somebody has taken it since it was read; tells whether it went. */
  readonly removeClaim: (key: string, signal: AbortSignal) => Promise<boolean>;
  /** "" or ends with "/": everything else in the bucket is left alone. */
  readonly publishPrefix: string;
  readonly olderThanSeconds: number;
  readonly dryRun: boolean;
  /** Told after each revision how many objects went. */
  readonly onRemoved?: (objects: number) => void;
}

export interface SweepReport {
  readonly revisions: readonly { readonly assetPath: string; readonly revision: string; readonly objects: number }[];
  readonly objects: number;
  readonly uploads: number;
  readonly claims: number;
  /** Asset paths whose asset.json cannot be read: nothing of theirs was touched. */
  readonly unreadable: readonly string[];
}

const CONCURRENCY = 8;

/**
 * Removes the revisions that are nobody's (`isOrphan`), unfinished uploads of the same age and claims that ended long ago;
 * with `dryRun` only says which. Everything is looked at once more right before it goes. Throws the stores' JobErrors.
 */
export async function sweep(options: SweepOptions, signal: AbortSignal): Promise<SweepReport> {
  const { published, publishPrefix, olderThanSeconds } = options;
  const folders = revisionFolders();
  for await (const page of published.bucket.pages(publishPrefix, signal)) for (const object of page) folders.add(object);
  const old = folders.list().filter((folder) => isOld(folder, olderThanSeconds));
  const { left, ended } = await options.readClaims(signal);
  const revisions: SweepReport["revisions"][number][] = [];
  const unreadable = new Set<string>();
  await forAll(old, CONCURRENCY, async (folder) => {
    const { assetPath, revision } = folder;
    const naming = await readNaming({ store: published.store, assetPath, left }, signal);
    if (!naming) unreadable.add(assetPath);
    else if (isOrphan(folder, naming, olderThanSeconds)) {
      const objects = await removeFolder(folder, options, signal);
      if (objects > 0) revisions.push({ assetPath, revision, objects });
    }
  });
  const uploads = await abortUploads(options, signal);
  const claims = await removeClaims(ended, options, signal);
  const objects = revisions.reduce((sum, folder) => sum + folder.objects, 0);
  return { revisions, objects, uploads, claims, unreadable: [...unreadable] };
}

interface NamingRequest {
  readonly store: ObjectStore;
  readonly assetPath: string;
  readonly left: ReadonlySet<string>;
}

/** Undefined when there is an asset.json that is not one of ours. */
async function readNaming({ store, assetPath, left }: NamingRequest, signal: AbortSignal): Promise<Naming | undefined> {
  const keys = assetKeys(assetPath);
  const [stored, ...pointers] = await Promise.all([keys.record, keys.hls, keys.dash].map((key) => store.readText(key, signal)));
  const texts = pointers.flatMap((pointer) => pointer?.text ?? []);
  if (!stored) return { pointers: texts, left };
  const record = parseAssetRecord(stored.text);
  return record && { published: { record, ageSeconds: stored.ageSeconds }, pointers: texts, left };
}

/** Lists the revision again: something may have come into it since. Resolves to how many objects went. */
async function removeFolder(
  folder: RevisionFolder,
  { published, olderThanSeconds, dryRun, onRemoved }: SweepOptions,
  signal: AbortSignal,
): Promise<number> {
  const now = revisionFolders();
  const keys: string[] = [];
  for await (const page of published.bucket.pages(folderOf(folder), signal)) {
    for (const object of page) now.add(object);
    keys.push(...page.map(({ key }) => key));
  }
  const isStill = now.list().every((there) => isOld(there, olderThanSeconds));
  if (!isStill || now.list().length !== 1) return 0;
  if (dryRun) return keys.length;
  await published.store.remove(keys, signal);
  onRemoved?.(keys.length);
  return keys.length;
}

async function abortUploads(
  { published: { bucket }, publishPrefix, olderThanSeconds, dryRun }: SweepOptions,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  for await (const page of bucket.uploads(publishPrefix, signal)) {
    for (const upload of page.filter(({ key, ageSeconds }) => revisionOf(key) && ageSeconds >= olderThanSeconds)) {
      if (!dryRun) await bucket.abort(upload, signal);
      count += 1;
    }
  }
  return count;
}

/** Resolves to how many went, or would. */
async function removeClaims(
  keys: readonly string[],
  { removeClaim, dryRun }: Pick<SweepOptions, "removeClaim" | "dryRun">,
  signal: AbortSignal,
): Promise<number> {
  if (dryRun) return keys.length;
  let count = 0;
  await forAll(keys, CONCURRENCY, async (key) => {
    if (await removeClaim(key, signal)) count += 1;
  });
  return count;
}
