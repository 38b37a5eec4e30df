import { assetKeys } from "../../src/domain/output-layout.ts";
import type { AssetRecord } from "../../src/publish/asset-record.ts";
import { parseAssetRecord } from "../../src/publish/asset-record.ts";
import { isSameObject, sourceId } from "../../src/publish/identity.ts";
import type { BucketChange, ModelBucket } from "./model-bucket.ts";
import type { ModelMessage, ModelQueue } from "./model-queue.ts";
import type { ModelUploads } from "./model-uploads.ts";
import { UPLOADS } from "./model-uploads.ts";
import { nameOf } from "./requests.ts";
import { rejectionOf } from "./rejections.ts";
import type { Needs } from "./viewer.ts";
import { firstLack, needsOfRevision, revisionOf, revisionsShown } from "./viewer.ts";
import type { World } from "./world.ts";
import { breaks, lives } from "./world.ts";

/** What one message is about. */
export interface Errand {
  readonly message: ModelMessage;
  readonly assetPath: string;
  readonly key: string;
  /** Position of its upload in the history; undefined for subtitles. */
  readonly upload: number | undefined;
}

export interface Watched {
  readonly assetPaths: readonly string[];
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
      const before = reignsOf(assetPath).at(-2)?.record.revision;
      for (const revision of new Set([...shown, ...(before === undefined ? [] : [before])]))
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
    const before = reignsOf(assetPath).at(-1);
    reignsOf(assetPath).push({ record, upload });
    const broken = before && brokenByReign(before, { record, upload });
    if (broken !== undefined) breaks(world, `${broken} at ${assetPath}`);
  };
  const seesPointer = (assetPath: string, key: string, text: string | undefined): void => {
    const revision = revisionOf(text);
    const at = reignsOf(assetPath).findLastIndex(({ record }) => record.revision === revision);
    if (at < 0) breaks(world, `I1: ${key} leads to ${revision}, which was never the published one`);
    if (at < (pointerAt.get(key) ?? -1)) breaks(world, `I2: ${key} went back to ${revision}`);
    pointerAt.set(key, at);
  };
  return {
    sees: (change) => {
      const { key } = change;
      const assetPath = watched().assetPaths.find((path) => key.startsWith(`${path}/`));
      if (assetPath === undefined) return breaks(world, `a write outside every asset: ${key}`);
      const keys = assetKeys(assetPath);
      if (change.kind === "remove") return needs.has(key) ? breaks(world, `I1: ${key} was removed while somebody may play it`) : undefined;
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

function brokenByReign(before: Reign, next: Reign): string | undefined {
  const { source, ladderHash, revision, text } = before.record;
  const isSame = source.id === next.record.source.id && ladderHash === next.record.ladderHash;
  const isAttached = JSON.stringify(text) !== JSON.stringify(next.record.text);
  if (isSame && before.record.complete !== false && !isAttached && revision !== next.record.revision)
    return `I4: ${next.record.revision} was published although ${revision} is of the same source`;
  if (next.upload < before.upload) return `I2: upload ${next.upload + 1} was published over upload ${before.upload + 1}`;
  return undefined;
}

/** Whether a message may be gone: its upload, or a later one of its key, was published or is about to be, or it was rejected. */
function isTerminal({ message, key, upload }: Errand, { uploads, state }: Watched, reigns: readonly Reign[]): boolean {
  if (upload === undefined || rejectionOf(message, state)) return true;
  const isPublished = reigns.some((reign) => reign.upload >= upload && uploads.history[reign.upload]?.key === key);
  // The same contents again: what is published of them is of this upload as well.
  const isSame = reigns.at(-1)?.record.source.id === sourceId({ bucket: UPLOADS, key }, uploads.history[upload]?.etag ?? "");
  return isPublished || isSame || uploads.history.some((later, at) => later.key === key && at > upload);
}

function problemAtEnd(assetPath: string, watched: Watched, reign: Reign | undefined): string | undefined {
  const { errands, queue, state } = watched;
  const mine = errands.filter((errand) => errand.assetPath === assetPath);
  const lost = mine.find(({ message }) => queue.redriven.includes(message));
  if (lost) return `I3: ${lost.message.id} was received too often, and is in the dead-letter queue without a record`;
  // What was given up is not shown, and may have been given up between its record and its pointers.
  if (mine.some(({ message, upload }) => upload !== undefined && rejectionOf(message, state))) return undefined;
  if (!reign) return `I3: nothing is published at ${assetPath}, and nothing was rejected`;
  return showsNewest(reign, watched) ? dangling(assetPath, watched, reign) : `I2: ${assetPath} does not show the newest upload`;
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
