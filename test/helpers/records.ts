import type { AssetRecord } from "../../src/publish/asset-record.ts";
import type { Candidate } from "../../src/publish/decide.ts";
import { sourceId } from "../../src/publish/identity.ts";

const REF = { bucket: "uploads", key: "a.mp4" };
/** Two contents of one object, and another object. */
export const SOURCES = {
  first: sourceId(REF, "etag-1"),
  second: sourceId(REF, "etag-2"),
  foreign: sourceId({ ...REF, key: "a.mov" }, "etag-1"),
} as const;

export const aRecord = (changes: Partial<AssetRecord> = {}): AssetRecord => ({
  ladderd: 1,
  assetPath: "films/a",
  revision: "20260102T030405-00000001",
  source: { id: SOURCES.first, sizeBytes: 1000 },
  durationSeconds: 20,
  renditions: [{ id: "v240", codecs: "avc1.4d401e" }],
  ladder: "h264",
  ladderHash: "ladder-1",
  createdAt: "2026-01-02T00:00:00.000Z",
  publishedAt: "2026-01-02T03:04:05.000Z",
  ...changes,
});

/** The candidate that a record was made from. */
export const aCandidate = (changes: Partial<Candidate> = {}): Candidate => ({
  sourceId: SOURCES.first,
  ladderHash: "ladder-1",
  createdAt: "2026-01-02T00:00:00.000Z",
  namesPath: false,
  pinsVersion: false,
  isAsked: false,
  uploadedAt: "2026-01-01T00:00:00.000Z",
  isComplete: true,
  isCurrent: true,
  ...changes,
});
