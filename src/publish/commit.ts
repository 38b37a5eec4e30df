import { InvalidJobError, StorageError } from "../domain/errors.ts";
import { POINTER_COPIES, assetKeys, revisionBase } from "../domain/output-layout.ts";
import { KEY_SUFFIXES, keyPlaylists } from "../packaging/key-playlists.ts";
import type { Manifests } from "../packaging/render.ts";
import type { ObjectStore, WriteCondition } from "../pipeline/ports.ts";
import { PreconditionFailed } from "../pipeline/ports.ts";
import type { AssetRecord } from "./asset-record.ts";
import { parseAssetRecord, succeeding } from "./asset-record.ts";
import type { Candidate } from "./decide.ts";
import { decide } from "./decide.ts";
import { pointerHeaders } from "./headers.ts";
import type { Wish } from "./wish.ts";
import { isLaterWish, wishedAgain } from "./wish.ts";

export interface Published {
  readonly record: AssetRecord;
  readonly etag: string;
  /** By the clock of the store, in Unix milliseconds. */
  readonly readAtMs: number;
  readonly writtenAtMs: number;
}

/** Contention is rare: each lost round means that somebody else made progress. */
const MAX_ROUNDS = 8;

/** What is published at an asset path. Throws InvalidJobError destination_conflict for a record that we cannot read. */
export async function readPublished(store: ObjectStore, assetPath: string, signal: AbortSignal): Promise<Published | undefined> {
  const stored = await store.readText(assetKeys(assetPath).record, signal);
  if (!stored) return undefined;
  const record = parseAssetRecord(stored.text);
  if (!record) throw new InvalidJobError("destination_conflict", `${assetKeys(assetPath).record} is not a record of this ladderd`);
  const { etag, readAtMs, ageSeconds } = stored;
  return { record, etag, readAtMs, writtenAtMs: readAtMs - ageSeconds * 1000 };
}

export interface Commit {
  readonly store: ObjectStore;
  readonly record: AssetRecord;
  readonly manifests: Manifests;
  /** Asked again before each try: is the source still what we encoded? */
  readonly candidate: () => Promise<Candidate>;
  /** Throws when the lease is gone: nothing may be written then. */
  readonly checkLease: () => void;
  /** Throws for a published record that has what would be lost with it. */
  readonly spare?: (published: AssetRecord) => void;
  readonly onSending?: OnSending;
}

/**
 * Told true before asset.json is sent, and false once S3 has refused it to somebody else's. In between the revision may be the published one, or
 * become it, whatever the caller was told: a write that was given up, or aborted, may be made by S3 after that.
 */
export type OnSending = (mayBeShown: boolean) => void;

/**
 * Makes a fully uploaded revision the published one: asset.json first, by compare-and-swap, then the pointers, each only
 * while asset.json is still ours (RELIABILITY.md R-P3 to R-P5). A lost answer to our own write is recognised by the
 * revision. Throws InvalidJobError destination_conflict, and what `spare` throws.
 */
export async function commit(request: Commit, signal: AbortSignal): Promise<"published" | "duplicate" | "stale"> {
  const { store, record, candidate, checkLease } = request;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const published = await readPublished(store, record.assetPath, signal);
    if (published?.record.revision !== record.revision) {
      const wish = await candidate();
      const decision = decide(published?.record, wish);
      if (decision === "conflict") throw conflict(record.assetPath);
      // Whoever published it may have been stopped before its pointers, and this message may be the last one of this source.
      if (decision === "duplicate" && published) await confirm(store, { published, wish }, { checkLease, signal });
      if (decision !== "publish") return decision;
      checkLease();
      if (!(await writeRecord(request, published, signal))) continue;
    }
    await show(request, signal);
    return "published";
  }
  throw new StorageError(`asset ${record.assetPath} changed ${MAX_ROUNDS} times during one commit`);
}

/** Writes the pointers of a record that is there: when S3 refused it, too, for that was the second try of a write that went through. */
async function show(
  { store, onSending, ...write }: PointerWrite & Pick<Commit, "store" | "onSending">,
  signal: AbortSignal,
): Promise<void> {
  onSending?.(true);
  await writePointers(store, write, signal);
}

export interface Replacement extends PointerWrite {
  readonly store: ObjectStore;
  /** What the new revision was made from. */
  readonly upon: Published;
  readonly onSending?: OnSending;
}

/**
 * Makes a revision that was made from the published one the published one, if it still is that. False when asset.json has
 * moved on: nothing was written then, and the revision must be made again from the newer one.
 */
export async function commitUpon(request: Replacement, signal: AbortSignal): Promise<boolean> {
  const { store, record, checkLease } = request;
  checkLease();
  if (!(await writeRecord(request, request.upon, signal))) {
    // The answer to our own write may have been lost.
    const now = await readPublished(store, record.assetPath, signal);
    if (now?.record.revision !== record.revision) return false;
  }
  await show(request, signal);
  return true;
}

/** The refusal of a source whose asset path belongs to another one. */
export const conflict = (assetPath: string): InvalidJobError =>
  new InvalidJobError("destination_conflict", `another source is published at ${assetPath}; name an assetPath in the job to replace it`);

/** asset.json as it is stored, at the asset and as a copy inside its revision. */
export const recordText = (record: AssetRecord): string => JSON.stringify(record, null, 2);

async function writeRecord(
  { store, record, spare, onSending }: Pick<Commit, "store" | "record" | "spare" | "onSending">,
  published: Published | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const { record: key } = assetKeys(record.assetPath);
  const condition: WriteCondition = published ? { kind: "match", etag: published.etag } : { kind: "absent" };
  if (published) spare?.(published.record);
  const text = recordText(succeeding(record, published?.record));
  onSending?.(true);
  const isWritten = await wrote(store.writeText({ key, text, headers: pointerHeaders(key), condition }, signal));
  if (!isWritten) onSending?.(false);
  return isWritten;
}

interface PointerWrite {
  readonly record: AssetRecord;
  readonly manifests: Manifests;
  readonly checkLease: () => void;
}

/** MPD before playlist, and before both what else leads to the asset; each is left alone once asset.json names another revision. Whether any had to be written. */
async function writePointers(store: ObjectStore, { record, manifests, checkLease }: PointerWrite, signal: AbortSignal): Promise<boolean> {
  let isChanged = false;
  for (const [key, text] of pointersOf(record, manifests)) {
    for (let round = 0; ; round += 1) {
      const current = await store.readText(key, signal);
      if (current?.text === text) break;
      const published = await readPublished(store, record.assetPath, signal);
      if (published?.record.revision !== record.revision) return isChanged;
      checkLease();
      const condition: WriteCondition = current ? { kind: "match", etag: current.etag } : { kind: "absent" };
      if (await wrote(store.writeText({ key, text, headers: pointerHeaders(key), condition }, signal))) {
        isChanged = true;
        break;
      }
      if (round >= MAX_ROUNDS) throw new StorageError(`pointer ${key} changed ${MAX_ROUNDS} times during one commit`);
    }
  }
  return isChanged;
}

/** Keys and texts, in the order that they are written in: whoever finds the last one in place finds all of them. */
function pointersOf({ assetPath }: AssetRecord, { hls, dash, others }: Manifests): readonly (readonly [key: string, text: string])[] {
  const keys = assetKeys(assetPath);
  return [...[...(others ?? [])].map(([name, text]) => [`${assetPath}/${name}`, text] as const), [keys.dash, dash], [keys.hls, hls]];
}

/**
 * Writes again what a crash between record and pointers left missing or old; false when all was well, which costs the two
 * reads that show it.
 */
export async function repairPointers(
  store: ObjectStore,
  record: AssetRecord,
  context: { checkLease: () => void; signal: AbortSignal },
): Promise<boolean> {
  if (await pointersShow(store, record, context.signal)) return false;
  const manifests = await manifestsOf(store, record, context.signal);
  return writePointers(store, { record, manifests, checkLease: context.checkLease }, context.signal);
}

export interface Confirmation {
  readonly published: Published;
  readonly wish: Wish;
}

/**
 * Settles a wish that is fulfilled already: the time of a later one is kept, so that one of in between that comes after it
 * does not win, nor one that is being committed, and the pointers are repaired. Throws StorageError when the asset is published anew meanwhile.
 */
export async function confirm(
  store: ObjectStore,
  { published, wish }: Confirmation,
  context: { checkLease: () => void; signal: AbortSignal },
): Promise<void> {
  const { assetPath, revision } = published.record;
  let now: Published | undefined = published;
  for (let round = 0; isLaterWish(now, wish); round += 1) {
    context.checkLease();
    if (await writeWish(store, now, { wish, signal: context.signal })) break;
    // Another wish for the same may have been faster.
    now = await readPublished(store, assetPath, context.signal);
    if (now?.record.revision !== revision || round >= MAX_ROUNDS)
      throw new StorageError(`asset ${assetPath} changed while a wish for it was confirmed`);
  }
  await repairPointers(store, published.record, context);
}

async function writeWish(
  store: ObjectStore,
  { record, etag }: Published,
  { wish, signal }: { readonly wish: Confirmation["wish"]; readonly signal: AbortSignal },
): Promise<boolean> {
  const { record: key } = assetKeys(record.assetPath);
  const text = recordText(wishedAgain(record, wish));
  return wrote(store.writeText({ key, text, headers: pointerHeaders(key), condition: { kind: "match", etag } }, signal));
}

/** Whether both pointers lead to this revision: the name of another one is nowhere in its pointers. */
export async function pointersShow(
  store: Pick<ObjectStore, "readText">,
  { assetPath, revision }: Pick<AssetRecord, "assetPath" | "revision">,
  signal: AbortSignal,
): Promise<boolean> {
  const { hls, dash } = assetKeys(assetPath);
  const texts = await Promise.all([store.readText(hls, signal), store.readText(dash, signal)]);
  return texts.every((stored) => stored?.text.includes(revisionBase(revision)));
}

/** The texts that the pointers of this revision hold, from their copies inside it. Throws StorageError when these are gone. */
export async function manifestsOf(
  store: Pick<ObjectStore, "readText">,
  { assetPath, revision, keys }: Pick<AssetRecord, "assetPath" | "revision" | "keys">,
  signal: AbortSignal,
): Promise<Manifests> {
  const base = revisionBase(revision);
  const folder = `${assetPath}/${base}`;
  const [hls, dash] = await Promise.all([
    store.readText(folder + POINTER_COPIES.hls, signal),
    store.readText(folder + POINTER_COPIES.dash, signal),
  ]);
  if (!hls || !dash) throw new StorageError(`revision ${revision} of ${assetPath} has lost its pointer copies`);
  if (!keys) return { hls: hls.text, dash: dash.text };
  const texts = new Map<string, string>();
  for (const name of new Set(Object.values(keys).flatMap((stream) => KEY_SUFFIXES.map((suffix) => stream + suffix)))) {
    const stored = await store.readText(folder + name, signal);
    if (stored) texts.set(name, stored.text);
  }
  return { hls: hls.text, dash: dash.text, others: keyPlaylists(keys, { texts, base }) };
}

async function wrote(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof PreconditionFailed) return false;
    throw error;
  }
}
