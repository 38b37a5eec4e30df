import { revisionBase } from "../domain/output-layout.ts";
import type { AssetRecord } from "./asset-record.ts";

/** An object or an unfinished upload, with its age by the store's clock. */
export interface Aged {
  readonly key: string;
  readonly ageSeconds: number;
}

/** The objects of one revision, as a listing shows them. */
export interface RevisionFolder {
  readonly assetPath: string;
  readonly revision: string;
  readonly objects: number;
  readonly youngestSeconds: number;
  /** Another asset's path leads through it: nothing in it is ours to remove. */
  readonly holdsAsset: boolean;
}

/** Revisions are named by `newRevision`; what is under `r/` and not named so is not ours. */
const REVISION_KEY = /^(?<assetPath>.+)\/r\/(?<revision>\d{8}T\d{6}-[0-9a-f]{8})\/(?<name>.+)$/s;

/** The prefix of a revision's objects. */
export const folderOf = ({ assetPath, revision }: Pick<RevisionFolder, "assetPath" | "revision">): string =>
  `${assetPath}/${revisionBase(revision)}`;

/** The revision that this key belongs to; undefined for everything else. */
export function revisionOf(key: string): { readonly assetPath: string; readonly revision: string; readonly name: string } | undefined {
  const { assetPath, revision, name } = REVISION_KEY.exec(key)?.groups ?? {};
  return assetPath === undefined || revision === undefined || name === undefined ? undefined : { assetPath, revision, name };
}

/** Gathers listed objects into the revisions they belong to. */
export function revisionFolders() {
  const folders = new Map<string, RevisionFolder>();
  return {
    add: ({ key, ageSeconds }: Aged): void => {
      const found = revisionOf(key);
      if (!found) return;
      const { assetPath, revision, name } = found;
      const before = folders.get(folderOf(found)) ?? { objects: 0, youngestSeconds: Infinity, holdsAsset: false };
      folders.set(folderOf(found), {
        assetPath,
        revision,
        objects: before.objects + 1,
        youngestSeconds: Math.min(before.youngestSeconds, ageSeconds),
        holdsAsset: before.holdsAsset || name.endsWith("/asset.json"),
      });
    },
    list: (): readonly RevisionFolder[] => [...folders.values()],
  };
}

/** What names revisions at an asset path. */
export interface Naming {
  /** Undefined when nothing is published there. */
  readonly published?: { readonly record: AssetRecord; readonly ageSeconds: number };
  /** The texts of the pointers: after a crash they may still show what asset.json does not name any more. */
  readonly pointers: readonly string[];
  /** What attempts left to the next ones, of any asset. */
  readonly left: ReadonlySet<string>;
}

/** Whether no attempt can be at work in it any more: the youngest of its objects is older than any may run. */
export const isOld = ({ youngestSeconds, holdsAsset }: RevisionFolder, olderThanSeconds: number): boolean =>
  youngestSeconds >= olderThanSeconds && !holdsAsset;

/**
 * Whether a revision is nobody's: all of it is older than any attempt may run, no pointer, record or claim names it, and its
 * asset has shown what it shows for as long, so that no player is still in what was replaced. Pure.
 */
export function isOrphan(folder: RevisionFolder, { published, pointers, left }: Naming, olderThanSeconds: number): boolean {
  const { revision } = folder;
  if (!isOld(folder, olderThanSeconds) || left.has(revision)) return false;
  if (pointers.some((text) => text.includes(revisionBase(revision)))) return false;
  if (!published) return true;
  const { record, ageSeconds } = published;
  return ageSeconds >= olderThanSeconds && record.revision !== revision && record.previous !== revision;
}
