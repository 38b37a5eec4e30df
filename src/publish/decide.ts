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

/** The later of two wishes for the same bytes wins. */
const isOvertaken = (published: AssetRecord, candidate: Candidate): boolean =>
  isWithdrawn(published, candidate) || (published.source.id === candidate.sourceId && candidate.createdAt < published.createdAt);

/** Rolled back after it was asked for: a message that is delivered again does not undo what a person did. */
const isWithdrawn = ({ withdrawn }: AssetRecord, { sourceId, ladderHash, createdAt }: Candidate): boolean =>
  withdrawn?.sourceId === sourceId && withdrawn.ladderHash === ladderHash && Date.parse(createdAt) < Date.parse(withdrawn.at);

/** What was published early gives way to all of it, and to nothing else. */
function decideSame({ complete }: AssetRecord, { isComplete, isCurrent }: Candidate): Decision {
  if (complete !== false || !isComplete) return "duplicate";
  return isCurrent ? "publish" : "stale";
}
