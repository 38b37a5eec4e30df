import { describe, expect, test } from "vitest";
import { assetRecord, parseAssetRecord } from "../../../src/publish/asset-record.ts";
import { aPresentation } from "../../helpers/facts.ts";
import { aPlan } from "../../helpers/plans.ts";
import { SOURCES, aRecord } from "../../helpers/records.ts";
import { aSource } from "../../helpers/sources.ts";

const identity = {
  assetPath: "films/a",
  revision: "20260102T030405-00000001",
  source: { id: SOURCES.first, sizeBytes: 9 },
  ladderHash: "h",
  engine: "ffmpeg",
  isComplete: true,
  encode: { seconds: 12.34, cores: 2 },
  createdAt: "2026-01-01T00:00:00.000Z",
  publishedAt: "2026-01-01T00:00:01.000Z",
};

describe("assetRecord", () => {
  test("is read back as it was written", () => {
    const record = assetRecord(identity, aPresentation(aPlan()), ["truncated"]);
    expect(parseAssetRecord(JSON.stringify(record))).toStrictEqual(record);
    expect(record).toMatchObject({ durationSeconds: 20, width: 1920, height: 1080, frameRate: "30", degraded: ["truncated"] });
  });

  test("lists renditions largest first, sound last, with measured rates", () => {
    const { renditions } = assetRecord(identity, aPresentation(aPlan()), []);
    expect(renditions.map(({ id }) => id)).toStrictEqual(["v1080", "v720", "v480", "v360", "v240", "a-en"]);
    for (const rendition of renditions) {
      expect(Number(rendition["peakBps"])).toBeGreaterThanOrEqual(Number(rendition["averageBps"]));
      expect(Number(rendition["averageBps"])).toBeGreaterThan(0);
    }
  });

  test("says when it is a part of what will be there, and nothing when it is all", () => {
    const plan = aPlan();
    expect(assetRecord({ ...identity, isComplete: false }, aPresentation(plan), [])).toHaveProperty("complete", false);
    expect(assetRecord(identity, aPresentation(plan), [])).not.toHaveProperty("complete");
  });

  test("says what was expected beside what it became", () => {
    const plan = aPlan();
    const presentation = aPresentation(plan);
    const facts = [...presentation.video, ...presentation.audio].map((entry) => entry.facts);
    const bytes = facts.reduce(
      (sum, { initBytes, segments }) => sum + initBytes + segments.reduce((all, { sizeBytes }) => all + sizeBytes, 0),
      0,
    );
    expect(assetRecord(identity, presentation, [])).toMatchObject({
      bytes,
      encodeSeconds: 12.3,
      estimate: { basis: "caps", bytes: plan.estimate.bytes },
    });
  });

  test("has no picture for sound alone and no degraded for a clean source", () => {
    const record = assetRecord(identity, aPresentation(aPlan(aSource({ video: undefined }))), []);
    expect(Object.keys(record)).not.toEqual(expect.arrayContaining(["width"]));
    expect("degraded" in record).toBe(false);
  });
});

describe("parseAssetRecord", () => {
  test("carries fields of other versions along", () => {
    expect(parseAssetRecord(JSON.stringify({ ...aRecord(), chapters: [1] }))).toMatchObject({ chapters: [1] });
  });

  test.each(["", "null", "[]", "{}", JSON.stringify({ ...aRecord(), ladderd: 2 }), JSON.stringify({ ...aRecord(), revision: "../../x" })])(
    "is not ours: %s",
    (text) => {
      expect(parseAssetRecord(text)).toBeUndefined();
    },
  );
});
