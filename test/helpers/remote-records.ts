import type { Admitted } from "../../src/pipeline/admit.ts";
import { sourceId } from "../../src/publish/identity.ts";
import type { RemoteRecord } from "../../src/state/remote-records.ts";
import { aLadder } from "./ladders.ts";
import { aPlan } from "./plans.ts";

const REF = { bucket: "uploads", key: "films/one.mp4" };

export const anAdmitted = (changes: Partial<Admitted> = {}): Admitted => ({
  kind: "admitted",
  ladder: aLadder(),
  ladderHash: "ladder-1",
  assetPath: "films/one",
  object: { ref: REF, etag: "etag-1", sizeBytes: 1000, lastModified: "2026-11-23T03:59:00.000Z" },
  sourceId: sourceId(REF, "etag-1"),
  createdAt: "2026-11-23T03:59:00.000Z",
  uploadedAt: "2026-11-23T03:59:00.000Z",
  pinsVersion: false,
  isAsked: false,
  isNew: true,
  ...changes,
});

/** The record of a job that was just submitted for the default plan. */
export const aRemoteRecord = (changes: Partial<RemoteRecord> = {}): RemoteRecord => ({
  ladderd: 1,
  engine: "mediaconvert",
  remoteId: "1111111111111-abcdef",
  token: "0123456789abcdef.1",
  messageId: "message-1",
  submittedAt: "2026-11-23T04:00:00.000Z",
  job: { id: "a".repeat(32), source: REF },
  admitted: anAdmitted(),
  revision: "20261123T040000-ab12",
  plan: aPlan(),
  tried: [],
  state: { kind: "submitted" },
  ...changes,
});
