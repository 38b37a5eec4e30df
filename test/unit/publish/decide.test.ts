import { describe, expect, test } from "vitest";
import type { AssetRecord } from "../../../src/publish/asset-record.ts";
import type { Candidate, Decision } from "../../../src/publish/decide.ts";
import { decide } from "../../../src/publish/decide.ts";
import { SOURCES, aCandidate, aRecord } from "../../helpers/records.ts";

const published = aRecord();
const early = aRecord({ complete: false });
const EARLIER = "2026-01-01T00:00:00.000Z";
const LATER = "2026-01-03T00:00:00.000Z";

describe("decide", () => {
  test.each<readonly [what: string, there: AssetRecord | undefined, met: { candidate: Candidate; decision: Decision }]>([
    ["nothing is there", undefined, { candidate: aCandidate(), decision: "publish" }],
    ["nothing is there and the source has moved on", undefined, { candidate: aCandidate({ isCurrent: false }), decision: "stale" }],
    ["the same source at the same ladder is there", published, { candidate: aCandidate(), decision: "duplicate" }],
    ["the same is there, whenever it was enqueued", published, { candidate: aCandidate({ createdAt: LATER }), decision: "duplicate" }],
    ["the same is there and the source has moved on", published, { candidate: aCandidate({ isCurrent: false }), decision: "duplicate" }],
    ["an early part of the same is there", early, { candidate: aCandidate(), decision: "publish" }],
    ["an early part is there and the source has moved on", early, { candidate: aCandidate({ isCurrent: false }), decision: "stale" }],
    ["an early part is there and ours is one", early, { candidate: aCandidate({ isComplete: false }), decision: "duplicate" }],
    ["all of the same is there and ours is a part", published, { candidate: aCandidate({ isComplete: false }), decision: "duplicate" }],
    [
      "other bytes of the object are there",
      published,
      { candidate: aCandidate({ sourceId: SOURCES.second, createdAt: EARLIER }), decision: "publish" },
    ],
    [
      "other bytes are there and ours are not current",
      published,
      { candidate: aCandidate({ sourceId: SOURCES.second, isCurrent: false }), decision: "stale" },
    ],
    [
      "the same source at another ladder, ours later",
      published,
      { candidate: aCandidate({ ladderHash: "ladder-2", createdAt: LATER }), decision: "publish" },
    ],
    [
      "the same source at another ladder, ours earlier",
      published,
      { candidate: aCandidate({ ladderHash: "ladder-2", createdAt: EARLIER }), decision: "stale" },
    ],
    ["another object holds the path", published, { candidate: aCandidate({ sourceId: SOURCES.foreign }), decision: "conflict" }],
    [
      "another object holds the path and ours is old",
      published,
      { candidate: aCandidate({ sourceId: SOURCES.foreign, isCurrent: false }), decision: "conflict" },
    ],
    [
      "another object holds the path that the job names",
      published,
      { candidate: aCandidate({ sourceId: SOURCES.foreign, namesPath: true, createdAt: LATER }), decision: "publish" },
    ],
    [
      "a later job has given the path that ours names to another object",
      published,
      { candidate: aCandidate({ sourceId: SOURCES.foreign, namesPath: true, createdAt: EARLIER }), decision: "stale" },
    ],
    [
      "a newer upload is there than the version that an earlier job names",
      published,
      { candidate: aCandidate({ sourceId: SOURCES.second, pinsVersion: true, createdAt: EARLIER }), decision: "stale" },
    ],
    [
      "a newer upload is there than the version that a later job names",
      published,
      { candidate: aCandidate({ sourceId: SOURCES.second, pinsVersion: true, createdAt: LATER }), decision: "publish" },
    ],
    [
      "a version is there that was asked for after our upload",
      aRecord({ pinned: true }),
      { candidate: aCandidate({ sourceId: SOURCES.second, createdAt: EARLIER }), decision: "stale" },
    ],
    [
      "a version is there that was asked for before our upload",
      aRecord({ pinned: true }),
      { candidate: aCandidate({ sourceId: SOURCES.second, createdAt: LATER }), decision: "publish" },
    ],
    [
      "a wish of the same second is there that is written without its fraction",
      aRecord({ createdAt: "2026-01-02T00:00:00Z" }),
      { candidate: aCandidate({ ladderHash: "ladder-2", createdAt: "2026-01-02T00:00:00.500Z" }), decision: "publish" },
    ],
  ])("when %s", (_what, there, { candidate, decision }) => {
    expect(decide(there, candidate)).toBe(decision);
  });

  test("lets one of two wishes of one moment win, whichever comes first", () => {
    const one = { ladderHash: "ladder-1", createdAt: LATER };
    const other = { ladderHash: "ladder-2", createdAt: LATER };
    const decisions = [decide(aRecord(one), aCandidate(other)), decide(aRecord(other), aCandidate(one))];
    expect(decisions.toSorted()).toEqual(["publish", "stale"]);
  });
});
