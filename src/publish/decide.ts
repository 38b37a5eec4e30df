import { isSameObject } from "./identity.ts";
import type { AssetRecord } from "./asset-record.ts";

/** What an attempt knows of itself when it meets what is published. */
export interface Candidate {
  readonly sourceId: string;
  readonly ladderHash: string;
  readonly createdAt: string;
  /** The job names this asset path itself: it may take it over from another source. */
  readonly namesPath: boolean;
  /** All of the ladder's renditions, not an early part of them. */
  readonly isComplete: boolean;
  /** The source object still holds these bytes, or the job pins a version and overrides the check. */
  readonly isCurrent: boolean;
  readonly pinsVersion: boolean;
  /** The job says how or where itself: a person or a program asked, not the upload alone. */
  readonly isAsked: boolean;
  /** When these bytes were uploaded, by the upload bucket's clock (ISO 8601). */
  readonly uploadedAt: string;
}

export type Decision = "publish" | "duplicate" | "stale" | "conflict";

/** Whether a candidate may replace what asset.json says is published (ARCHITECTURE.md, published objects). Pure. */
export function decide(published: AssetRecord | undefined, candidate: Candidate): Decision {
  if (!published) return candidate.isCurrent ? "publish" : "stale";
  const { id } = published.source;
  if (id === candidate.sourceId && published.ladderHash === candidate.ladderHash) return decideSame(published, candidate);
  if (!isSameObject(id, candidate.sourceId) && !candidate.namesPath) return "conflict";
  if (!candidate.isCurrent) return "stale";
  return isOvertaken(published, candidate) ? "stale" : "publish";
}

const isOvertaken = (published: AssetRecord, candidate: Candidate): boolean =>
  isWithdrawn(published, candidate) || (isByWish(published, candidate) && isEarlier(candidate, published));

/** Which of two uploads of a key is newer, S3 says. Between ladders, objects and versions that a job names the later wish wins. */
const isByWish = ({ source: { id }, pinned }: AssetRecord, { sourceId, pinsVersion }: Candidate): boolean =>
  id === sourceId || !isSameObject(id, sourceId) || pinsVersion || pinned === true;

/** Of two wishes of one moment one must win, whichever is met first: a message may come again. */
function isEarlier(candidate: Candidate, { createdAt, source, ladderHash }: AssetRecord): boolean {
  const [wished, there] = [candidate.createdAt, createdAt].map((time) => Date.parse(time));
  if (wished !== there) return Number(wished) < Number(there);
  return `${candidate.sourceId} ${candidate.ladderHash}` < `${source.id} ${ladderHash}`;
}

/** Rolled back after it was asked for: a message that is delivered again does not undo what a person did. */
const isWithdrawn = ({ withdrawn }: AssetRecord, { sourceId, ladderHash, createdAt }: Candidate): boolean =>
  withdrawn?.sourceId === sourceId && withdrawn.ladderHash === ladderHash && Date.parse(createdAt) < Date.parse(withdrawn.at);

/** What was published early gives way to all of it, and to nothing else. */
function decideSame({ complete }: AssetRecord, { isComplete, isCurrent }: Candidate): Decision {
  if (complete !== false || !isComplete) return "duplicate";
  return isCurrent ? "publish" : "stale";
}
