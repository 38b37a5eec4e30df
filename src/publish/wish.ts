import type { AssetRecord } from "./asset-record.ts";
import type { Candidate } from "./decide.ts";

/** What is kept of a candidate that finds its work done. */
export type Wish = Pick<Candidate, "createdAt" | "pinsVersion" | "isAsked" | "uploadedAt">;

/**
 * Whether what is there was asked for, or uploaded, again and later: that is to be kept for those that come out of order, and
 * for whoever is about to replace it. What says only that a source is there writes nothing (RELIABILITY.md R-P7).
 */
export const isLaterWish = ({ complete, createdAt, source }: AssetRecord, wish: Wish): boolean =>
  complete !== false && ((wish.isAsked && isLater(wish.createdAt, createdAt)) || isLater(wish.uploadedAt, source.uploadedAt));

/** The record of what was wished for again: by a job, or by one more upload of the same bytes. */
export function wishedAgain({ pinned: _former, source, ...record }: AssetRecord, wish: Wish): AssetRecord {
  return {
    ...record,
    ...(wish.pinsVersion ? { pinned: true } : {}),
    source: isLater(wish.uploadedAt, source.uploadedAt) ? { ...source, uploadedAt: wish.uploadedAt } : source,
    createdAt: isLater(wish.createdAt, record.createdAt) ? wish.createdAt : record.createdAt,
  };
}

/** A time is not later than one that no record kept. */
const isLater = (time: string, than: string | undefined): boolean => than !== undefined && Date.parse(time) > Date.parse(than);
