import type { AssetRecord } from "./asset-record.ts";
import type { Published } from "./commit.ts";
import type { Candidate } from "./decide.ts";

/** What is kept of a candidate that finds its work done. */
export type Wish = Pick<Candidate, "createdAt" | "pinsVersion" | "isAsked" | "uploadedAt">;

/**
 * Whether what is there was asked for, or uploaded, again and later: that is to be kept for those that come out of order, and
 * for whoever is about to replace it. What says only that a source is there writes nothing (RELIABILITY.md R-P7): the upload
 * that a record was made from is older than the record, by the clock of S3.
 */
export const isLaterWish = ({ record, writtenAtMs }: Pick<Published, "record" | "writtenAtMs">, wish: Wish): boolean =>
  record.complete !== false && ((wish.isAsked && isLater(wish.createdAt, record.createdAt)) || Date.parse(wish.uploadedAt) > writtenAtMs);

/** The record of what was wished for again: by a job, or by one more upload of the same bytes. */
export function wishedAgain({ pinned: _former, ...record }: AssetRecord, wish: Wish): AssetRecord {
  const times = [record.createdAt, wish.createdAt, wish.uploadedAt];
  return {
    ...record,
    ...(wish.pinsVersion ? { pinned: true } : {}),
    createdAt: times.reduce((latest, time) => (isLater(time, latest) ? time : latest)),
  };
}

const isLater = (time: string, than: string): boolean => Date.parse(time) > Date.parse(than);
