import { assetKeys } from "../../src/domain/output-layout.ts";
import type { AssetRecord } from "../../src/publish/asset-record.ts";
import { parseAssetRecord } from "../../src/publish/asset-record.ts";
import { revisionOf as revisionIn } from "../../src/publish/sweep-plan.ts";
import { isSameObject, sourceId } from "../../src/publish/identity.ts";
import type { BucketChange, ModelBucket } from "./model-bucket.ts";
import type { ModelMessage, ModelQueue } from "./model-queue.ts";
import type { ModelUploads } from "./model-uploads.ts";
import { UPLOADS } from "./model-uploads.ts";
import { nameOf } from "./requests.ts";
import { rejectionOf } from "./rejections.ts";
import { isNamed, leftAtMs } from "./naming.ts";
import { SWEEP_AGE_SECONDS, isSweeper } from "./operators.ts";
import type { Needs } from "./viewer.ts";
import { firstLack, needsOfRevision, revisionOf, revisionsShown } from "./viewer.ts";
import type { World } from "./world.ts";
import { breaks, lives } from "./world.ts";

/** After so long nobody plays a revision that was replaced. */
const PLAYED_MS = SWEEP_AGE_SECONDS * 1000 - 2000;

/** What one message is about. */
export interface Errand {
  readonly message: ModelMessage;
  readonly assetPath: string;
  readonly key: string;
  /** Position of its upload in the history; undefined for subtitles. */
  readonly upload: number | undefined;
  readonly ladder: string;
  /** When it was asked for, by the clock of the services. */
  readonly createdAt: string;
  /** It names the version, whatever the key holds. */
  readonly isPinned?: boolean | undefined;
}

export interface Watched {
  readonly assetPaths: readonly string[];
  /** The latest wish for a path is to be fulfilled, instead of the latest upload. */
  readonly hasWishes: boolean;
  readonly errands: readonly Errand[];
  readonly published: ModelBucket;
  readonly state: ModelBucket;
  readonly uploads: ModelUploads;
  readonly queue: ModelQueue;
}

/** Whoever looks on while a run goes, and says which promise of RELIABILITY.md §14 was broken first. */
export interface Onlooker {
  /** At every change of the published bucket. */
  sees(change: BucketChange): void;
  /** At every write of the published bucket, when it is sent. */
  seesSending(key: string): void;
  seesDelete(message: ModelMessage): void;
  /** When nothing moves any more. */
  seesEnd(): void;
}

/** One state of asset.json. */
interface Reign {
  readonly record: AssetRecord;
  /** Position of the source's upload in the history. */
  readonly upload: number;
  /** It was published before. */
  readonly isRollback: boolean;
  readonly sinceMs: number;
}

/** Watches the promises of a run; `watched` is asked for late, because the models tell the onlooker of themselves. */
export function createOnlooker(world: World, watched: () => Watched): Onlooker {
  const reigns = new Map<string, Reign[]>();
  const reignsOf = (assetPath: string): Reign[] => {
    const known = reigns.get(assetPath) ?? [];
    reigns.set(assetPath, known);
    return known;
  };
  const pointerAt = new Map<string, number>();
  let needs: Needs = new Map();
  const lookAsViewer = (): void => {
    const { published, assetPaths } = watched();
    const needed = new Map<string, number | undefined>();
    for (const assetPath of assetPaths) {
      const shown = revisionsShown(published.objects, assetPath).map(({ revision }) => revision);
      // A player holds the revision before for a while.
      const [before, now] = reignsOf(assetPath).slice(-2);
      const isStillPlayed = before && now && world.scheduler.now() - now.sinceMs < PLAYED_MS;
      const kept = [now?.record.previous, isStillPlayed ? before.record.revision : undefined].filter((one) => one !== undefined);
      for (const revision of new Set([...shown, ...kept]))
        for (const [key, size] of needsOfRevision(published.objects, assetPath, revision)) needed.set(key, size);
    }
    needs = needed;
    const lack = firstLack(published.objects, needs);
    if (lack !== undefined) breaks(world, `I1: what is shown cannot be played: ${lack}`);
  };
  const seesRecord = (assetPath: string, text: string | undefined): void => {
    const record = parseAssetRecord(text ?? "");
    if (!record) return breaks(world, `I1: ${assetPath} has an asset.json that cannot be read`);
    const { history } = watched().uploads;
    const upload = history.findLastIndex(({ key, etag }) => sourceId({ bucket: UPLOADS, key }, etag) === record.source.id);
    const former = [...reignsOf(assetPath)];
    // A later wish for what is published is only noted there: its players are the same.
    const last = former.at(-1);
    const isNoted = last?.record.revision === record.revision;
    if (isNoted) reignsOf(assetPath).pop();
    const isRollback = former.some((reign) => reign.record.revision === record.revision && (!isNoted || reign.isRollback));
    const next = { record, upload, isRollback, sinceMs: isNoted ? last.sinceMs : world.scheduler.now() };
    reignsOf(assetPath).push(next);
    if (reignsOf(assetPath).filter((reign) => reign.isRollback).length > world.rollbacks)
      breaks(world, `I2: ${record.revision} came back, and nobody wanted it`);
    const broken = brokenByReign(former, next, watched());
    if (broken !== undefined) breaks(world, `${broken} at ${assetPath}`);
  };
  const seesPointer = (assetPath: string, key: string, text: string | undefined): void => {
    const revision = revisionOf(text);
    const at = reignsOf(assetPath).findLastIndex(({ record }) => record.revision === revision);
    if (at < 0) breaks(world, `I1: ${key} leads to ${revision}, which was never the published one`);
    if (at < (pointerAt.get(key) ?? -1)) breaks(world, `I2: ${key} went back to ${revision}`);
    pointerAt.set(key, at);
  };
  const seesRemoval = ({ key, by }: Extract<BucketChange, { kind: "remove" }>): void => {
    // What was needed then may not be any more: players leave.
    if (needs.has(key)) lookAsViewer();
    if (needs.has(key)) breaks(world, `I1: ${key} was removed while somebody may play it`);
    const found = revisionIn(key);
    if (!found || !by || !isSweeper(by)) return;
    const { published, state } = watched();
    // The sweep judges at some time before this one, by dates in whole seconds.
    const youngSinceMs = world.scheduler.now() - (SWEEP_AGE_SECONDS - 1) * 1000;
    const isLeft = leftAtMs(state, found.revision).some((atMs) => atMs < by.bornAtMs && atMs > youngSinceMs);
    if (isNamed(published, found) || isLeft) breaks(world, `R-P9: ${key} was swept while it was somebody's`);
  };
  return {
    sees: (change) => {
      const { key } = change;
      const assetPath = watched().assetPaths.find((path) => key.startsWith(`${path}/`));
      if (assetPath === undefined) return breaks(world, `a write outside every asset: ${key}`);
      const keys = assetKeys(assetPath);
      if (change.kind === "remove") return seesRemoval(change);
      const { text } = change.object;
      if (key === keys.record) seesRecord(assetPath, text);
      else if (key === keys.hls || key === keys.dash) seesPointer(assetPath, key, text);
      else if (!needs.has(key)) return undefined;
      return lookAsViewer();
    },
    seesSending: (key) => {
      const life = lives.getStore();
      const isShown = watched().assetPaths.some((path) => Object.values(assetKeys(path)).includes(key));
      if (!isShown || !life) return;
      if (life.holding !== undefined && !watched().queue.holds(life.holding))
        breaks(world, `I5: ${nameOf(life)} writes ${key} after its lease`);
    },
    seesDelete: (message) => {
      const errand = watched().errands.find((one) => one.message === message);
      if (errand && !isTerminal(errand, watched(), reignsOf(errand.assetPath)))
        breaks(world, `I3: ${message.id} was deleted, and nothing durable says what came of it`);
    },
    seesEnd: () => {
      for (const assetPath of watched().assetPaths) {
        const problem = problemAtEnd(assetPath, watched(), reignsOf(assetPath).at(-1));
        if (problem !== undefined) breaks(world, problem);
      }
    },
  };
}

function brokenByReign(former: readonly Reign[], next: Reign, { hasWishes }: Watched): string | undefined {
  const before = former.at(-1);
  if (!before) return undefined;
  const { revision, createdAt } = next.record;
  const again = isSame(before, next) ? before : former.find((reign) => isSame(reign, next) && reign.record.createdAt === createdAt);
  if (next.isRollback) return undefined;
  if (isWithdrawn(former, next)) return `R-P12: ${revision} shows again what was rolled back`;
  if (again === before || (hasWishes && again))
    return `I4: ${revision} was published although ${again.record.revision} is of the same source`;
  return hasWishes ? brokenByWish(before, next) : brokenByUpload(before, next);
}

/** Whether the last rollback took just this off the air, and nobody has asked for it since. */
function isWithdrawn(former: readonly Reign[], next: Reign): boolean {
  const at = former.findLastIndex(({ isRollback }) => isRollback);
  const [left, shown] = [former[at - 1], former[at]];
  return (
    left !== undefined &&
    shown !== undefined &&
    !isRecipe(left, shown) &&
    isRecipe(left, next) &&
    next.record.createdAt <= left.record.createdAt
  );
}

const brokenByUpload = (before: Reign, next: Reign): string | undefined =>
  next.upload < before.upload ? `I2: upload ${next.upload + 1} was published over upload ${before.upload + 1}` : undefined;

const brokenByWish = ({ record: before }: Reign, { record: next }: Reign): string | undefined =>
  next.createdAt < before.createdAt ? `I2: a wish of ${next.createdAt} was fulfilled over one of ${before.createdAt}` : undefined;

/** All of the same was published before. */
function isSame(before: Reign, next: Reign): boolean {
  const isAttached = JSON.stringify(before.record.text) !== JSON.stringify(next.record.text);
  return isRecipe(before, next) && before.record.complete !== false && !isAttached && before.record.revision !== next.record.revision;
}

const isRecipe = ({ record: before }: Reign, { record: next }: Reign): boolean =>
  before.source.id === next.source.id && before.ladderHash === next.ladderHash;

/** Whether a message may be gone: what it wishes, or something later, was published or is about to be, or it was rejected. */
function isTerminal(errand: Errand, watched: Watched, reigns: readonly Reign[]): boolean {
  const { message, upload } = errand;
  if (upload === undefined || rejectionOf(message, watched.state)) return true;
  if (isOvertaken({ ...errand, upload }, watched)) return true;
  return watched.hasWishes ? isFulfilled({ ...errand, upload }, watched, reigns) : isPublished({ ...errand, upload }, watched, reigns);
}

type OfUpload = Errand & { readonly upload: number };

function isPublished(errand: OfUpload, watched: Watched, reigns: readonly Reign[]): boolean {
  // The same contents again: what is published of them is of this upload as well.
  if (reigns.at(-1)?.record.source.id === idOf(errand.upload, watched)) return true;
  return reigns.some((reign) => reign.upload >= errand.upload && isOfKey(errand, reign, watched));
}

function isFulfilled({ upload, ladder, createdAt }: OfUpload, watched: Watched, reigns: readonly Reign[]): boolean {
  const shown = reigns.at(-1)?.record;
  if (shown?.source.id === idOf(upload, watched) && shown?.ladder === ladder) return true;
  return reigns.some(({ record }) => record.createdAt >= createdAt);
}

const isOvertaken = ({ key, upload, isPinned }: OfUpload, { uploads: { history } }: Watched): boolean =>
  !isPinned && history.some((later, at) => later.key === key && at > upload);

const isOfKey = ({ key }: Errand, { upload }: Reign, { uploads: { history } }: Watched): boolean => history[upload]?.key === key;

function idOf(upload: number, { uploads: { history } }: Watched): string | undefined {
  const found = history[upload];
  return found && sourceId({ bucket: UPLOADS, key: found.key }, found.etag);
}

function problemAtEnd(assetPath: string, watched: Watched, reign: Reign | undefined): string | undefined {
  const { errands, queue, state } = watched;
  const mine = errands.filter((errand) => errand.assetPath === assetPath);
  const lost = mine.find(({ message }) => queue.redriven.includes(message));
  if (lost) return `I3: ${lost.message.id} was received too often, and is in the dead-letter queue without a record`;
  // What was given up is not shown, and may have been given up between its record and its pointers.
  if (mine.some(({ message, upload }) => upload !== undefined && rejectionOf(message, state))) return undefined;
  if (!reign) return mine.length === 0 ? undefined : `I3: nothing is published at ${assetPath}, and nothing was rejected`;
  if (reign.record.complete === false) return `I3: ${assetPath} shows an early part for good`;
  if (reign.isRollback) return dangling(assetPath, watched, reign);
  const isDue = watched.hasWishes ? fulfilsLatest(reign, watched, mine) : showsNewest(reign, watched);
  return isDue
    ? dangling(assetPath, watched, reign)
    : `I2: ${assetPath} does not show the ${watched.hasWishes ? "latest wish" : "newest upload"}`;
}

function fulfilsLatest({ record, upload }: Reign, { uploads }: Watched, errands: readonly Errand[]): boolean {
  const latest = errands.toSorted((one, other) => (one.createdAt < other.createdAt ? -1 : 1)).at(-1);
  const etagOf = (at: number | undefined): string | undefined => uploads.history[at ?? -1]?.etag;
  return latest === undefined || (etagOf(latest.upload) === etagOf(upload) && latest.ladder === record.ladder);
}

function showsNewest({ record }: Reign, { uploads }: Watched): boolean {
  const newest = uploads.history.findLast(({ key }) => isSameObject(sourceId({ bucket: UPLOADS, key }, ""), record.source.id));
  return newest !== undefined && sourceId({ bucket: UPLOADS, key: newest.key }, newest.etag) === record.source.id;
}

/** asset.json and both pointers lead to the same revision. */
function dangling(assetPath: string, { published }: Watched, { record }: Reign): string | undefined {
  const shown = revisionsShown(published.objects, assetPath);
  const old = shown.find(({ revision }) => revision !== record.revision);
  if (!old && shown.length === 3) return undefined;
  return `R-P5: ${old?.by ?? "a pointer"} does not lead to ${record.revision}`;
}
