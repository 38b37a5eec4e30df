import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { PACKAGE_VERSION } from "../config/version.ts";
import { isResumable, leadingSegments } from "../domain/chunks.ts";
import type { EncodePlan } from "../domain/encode-plan.ts";
import { revisionBase } from "../domain/output-layout.ts";
import type { ReusedSegments } from "../engines/ffmpeg/run-chunks.ts";
import { segmentName } from "../packaging/compile.ts";
import { discardRevision } from "../publish/discard.ts";
import { sha256 } from "../publish/identity.ts";
import { forAll } from "../publish/revision-objects.ts";
import type { Claim, ObjectStore, Remains } from "./ports.ts";

/** Segments of an attempt before, in the store under this attempt's revision and on disk. */
export interface TakenOver extends ReusedSegments {
  /** Names inside the revision. */
  readonly names: readonly string[];
  /** Frames of the source are damaged in them. */
  readonly isDamaged: boolean;
  /** Puts them in the place of what the packager made of them: on disk lies what is published, byte for byte. */
  settle(outDir: string): Promise<void>;
}

export interface Takeover {
  readonly plan: EncodePlan;
  /** Where this attempt writes. */
  readonly remains: Remains;
  readonly assetPath: string;
  readonly store: ObjectStore;
  readonly claim: Claim;
  /** Private and empty. */
  readonly folder: string;
}

/** A segment is a copy inside the store and a download. */
const CONCURRENCY = 8;

/**
 * Brings what the attempt before this one left into the new revision, then makes durable that this attempt writes there: from
 * then on the next attempt finds all of it at one place. Undefined when nothing of it fits. What was left stays: the attempt
 * before may not know yet that it lost its claim, and S3 may still make its write of asset.json.
 * Throws LeaseLostError, the signal's reason and the store's JobErrors for the claim.
 */
export async function takeOver(takeover: Takeover): Promise<TakenOver | undefined> {
  const { remains, assetPath, store, claim } = takeover;
  const { left } = claim;
  try {
    const taken = left?.planHash === remains.planHash ? await bringOver(takeover, left) : undefined;
    await claim.leave(taken?.isDamaged === true ? damaged(remains) : remains);
    return taken;
  } catch (error) {
    await discardRevision(store, { assetPath, revision: remains.revision });
    throw error;
  }
}

/** What an attempt at the plan leaves in its revision; undefined when no other could build on it. */
export function remainsOf(plan: EncodePlan, revision: string, ffmpegVersion?: string): Remains | undefined {
  if (!isResumable(plan)) return undefined;
  const { content } = plan;
  return { revision, planHash: planHashOf(plan, ffmpegVersion), ...(content.kind === "measured" ? { content } : {}) };
}

/** The same, of a source with damaged frames: who builds on it may not meet them again. */
export const damaged = (remains: Remains): Remains => ({ ...remains, isDamaged: true });

/**
 * Of all that makes an encode what it is. What the probe says is the source's, an estimate encodes nothing, and what the content
 * decided stands in the renditions: its figures hold processor time, which is another one each time it is measured.
 */
export function planHashOf(
  { source: _source, estimate: _estimate, content: _content, ...plan }: EncodePlan,
  ffmpegVersion = "unknown",
): string {
  return sha256(JSON.stringify({ version: PACKAGE_VERSION, ffmpegVersion, plan }));
}

/** Undefined as well when it fails: to encode all of it is dearer and never wrong. */
async function bringOver(takeover: Takeover, left: Remains): Promise<TakenOver | undefined> {
  const { plan, remains, assetPath, store, claim, folder } = takeover;
  const { signal } = claim;
  const { revision } = remains;
  const [from, to] = [left.revision, revision].map((name) => `${assetPath}/${revisionBase(name)}`);
  if (from === undefined || to === undefined) return undefined;
  try {
    const there = new Set((await store.list(from, signal)).filter(({ sizeBytes }) => sizeBytes > 0).map(({ key }) => key));
    const count = leadingSegments(plan, (id, number) => there.has(`${from}${id}/${segmentName(number)}`));
    if (count === 0) return undefined;
    const namesOf = (id: string): readonly string[] => Array.from({ length: count }, (_, index) => `${id}/${segmentName(index + 1)}`);
    const names = plan.video.flatMap(({ id }) => namesOf(id));
    await Promise.all(plan.video.map(({ id }) => mkdir(join(folder, id), { recursive: true })));
    await forAll(names, CONCURRENCY, async (name) => {
      await store.copy(from + name, to + name, signal);
      await store.downloadFile({ key: to + name, path: join(folder, name) }, signal);
    });
    return {
      count,
      names,
      isDamaged: left.isDamaged === true,
      filesOf: (id) => namesOf(id).map((name) => join(folder, name)),
      settle: async (outDir) => {
        for (const name of names) await rename(join(folder, name), join(outDir, name));
      },
    };
  } catch {
    signal.throwIfAborted();
    await discardRevision(store, { assetPath, revision });
    return undefined;
  }
}
