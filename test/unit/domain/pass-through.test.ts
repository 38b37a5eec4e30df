import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Ladder } from "../../../src/domain/ladder.ts";
import type { PassThrough } from "../../../src/domain/pass-through.ts";
import { rational } from "../../../src/domain/rational.ts";
import type { VideoTrack } from "../../../src/domain/source.ts";
import { segmentCount, segmentSeconds } from "../../../src/domain/timeline.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { aPlan } from "../../helpers/plans.ts";
import { aCopyableTrack, aSource } from "../../helpers/sources.ts";

const decided = (changes: Partial<VideoTrack> = {}, ladder: Partial<Ladder> = {}): PassThrough | undefined =>
  aPlan(aSource({ video: aCopyableTrack(changes) }), aLadder(ladder)).passThrough;

/** The same track, lasting as many frames at a rate. */
const lasting = (frameCount: number, gopFrames: number, frameRate = rational(30)): Partial<VideoTrack> => ({
  frameRate,
  frameCount,
  durationSeconds: (frameCount * frameRate.den) / frameRate.num,
  keyframeGrid: { kind: "constant", gopFrames, peakBps: 5_000_000 },
});

describe("a source is copied", () => {
  test("when it meets every rule of its rung", () => {
    expect(decided()).toStrictEqual({ kind: "copy", gopFrames: 60, segmentFrames: 180 });
  });

  test("up to 1.2 times the cap, with a peak of up to twice its average", () => {
    const grid = { kind: "constant", gopFrames: 60, peakBps: 12_000_000 } as const;
    expect(decided({ bitrateBps: 6_000_000, keyframeGrid: grid })).toMatchObject({ kind: "copy" });
  });

  test("as a single GOP no longer than a segment may be", () => {
    expect(decided(lasting(195, 195))).toStrictEqual({ kind: "copy", gopFrames: 195, segmentFrames: 195 });
    expect(aPlan(aSource({ video: aCopyableTrack(lasting(9, 9)) })).timeline).toMatchObject({ gopFrames: 9, frameCount: 9 });
  });

  test.each([
    ["1 s", 30, 180],
    ["2.5 s", 75, 150],
    ["3.2 s", 96, 192],
    ["4 s", 120, 120],
    ["5 s", 150, 150],
    ["6.5 s", 195, 195],
  ] as const)("with GOPs of %s in as many as come closest to six seconds", (_name, gopFrames, segmentFrames) => {
    expect(decided(lasting(1800, gopFrames))).toStrictEqual({ kind: "copy", gopFrames, segmentFrames });
  });

  test("in other segments where six seconds would leave a stub", () => {
    expect(decided(lasting(543, 60))).toStrictEqual({ kind: "copy", gopFrames: 60, segmentFrames: 120 });
  });

  test("in segments that are within the rules, whatever its grid", () => {
    const grids = fc.tuple(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 1, max: 400 }), fc.constantFrom(24, 25, 30, 60));
    fc.assert(
      fc.property(grids, ([frames, gop, fps]) => {
        const { passThrough, timeline } = aPlan(aSource({ video: aCopyableTrack(lasting(frames, Math.min(gop, frames), rational(fps))) }));
        if (passThrough?.kind !== "copy") return;
        expect(timeline.segmentFrames % timeline.gopFrames).toBe(0);
        expect(segmentSeconds(timeline)).toBeLessThanOrEqual(6.5);
        const tail = frames - (segmentCount(timeline) - 1) * timeline.segmentFrames;
        expect(segmentCount(timeline) === 1 || tail / fps >= 0.5).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a source is encoded", () => {
  test.each<readonly [string, Partial<VideoTrack>]>([
    ["it is hevc, not H.264", { codec: "hevc" }],
    ["its pixels are yuv420p10le, not 8-bit yuv420p", { pixelFormat: "yuv420p10le" }],
    ["its pixels are PQ, not 8-bit yuv420p", { hdr: "PQ" }],
    ["its colours are full range", { colour: { fullRange: true, matrix: "bt709" } }],
    ["its colours are bt601, not bt709", { colour: { fullRange: false, matrix: "bt601" } }],
    ["it is turned by 90 degrees", { rotation: 90 }],
    ["it is mirrored", { mirrored: true }],
    ["its pixels are not square", { sampleAspect: rational(4, 3) }],
    ["it is interlaced", { interlaced: true }],
    ["no rung has its size of 1921x1080", { codedWidth: 1921 }],
    ["no rung has its size of 7680x4320", { displayWidth: 7680, displayHeight: 4320 }],
    ["its frame rate is not constant, or is changed", { variableFrameRate: true }],
    ["its frame rate is not constant, or is changed", lasting(2400, 120, rational(120))],
    ["its frame rate is not constant, or is changed", { frameCount: 599 }],
    ["it would be the only rendition", { displayWidth: 320, displayHeight: 240 }],
    ["it has 6.1 Mb/s, more than 6.0 Mb/s", { bitrateBps: 6_100_000 }],
    ["its peak of 13.0 Mb/s is over twice its average", { keyframeGrid: { kind: "constant", gopFrames: 60, peakBps: 13_000_000 } }],
    ["its keyframes are 9.2, 4.4, 6.4 s apart", { keyframeGrid: { kind: "none", reason: "its keyframes are 9.2, 4.4, 6.4 s apart" } }],
    ["its keyframes are 8.0 s apart", lasting(600, 240)],
    ["its keyframes are only 0.50 s apart", lasting(600, 15)],
    ["its last GOP of 0.1 s would be a segment", lasting(183, 180)],
  ])("because %s", (reason, changes) => {
    expect(decided(changes)).toStrictEqual({ kind: "encode", reason });
  });

  test("because nobody looked at its keyframes", () => {
    const { keyframeGrid: _, ...track } = aCopyableTrack();
    expect(aPlan(aSource({ video: track })).passThrough).toStrictEqual({ kind: "encode", reason: "only H.264 in MP4 is looked at" });
  });

  test("because the ladder says so", () => {
    expect(decided({}, { passThrough: false })).toStrictEqual({ kind: "encode", reason: "the ladder says so" });
  });
});

describe("the plan of a copied source", () => {
  test("copies the largest rendition alone, and no smaller one may cost more than it", () => {
    const { video } = aPlan(
      aSource({ video: aCopyableTrack({ bitrateBps: 2_000_000, keyframeGrid: { kind: "constant", gopFrames: 60, peakBps: 2_500_000 } }) }),
    );
    expect(video.map(({ id, copied = false }) => [id, copied])).toStrictEqual([
      ["v240", false],
      ["v360", false],
      ["v480", false],
      ["v720", false],
      ["v1080", true],
    ]);
    expect(video.map(({ capBps }) => capBps)).toStrictEqual([400_000, 800_000, 1_400_000, 2_000_000, 2_000_000]);
  });

  test("is cut at the source's keyframes", () => {
    const { timeline } = aPlan(aSource({ video: aCopyableTrack(lasting(1800, 150)) }));
    expect(timeline).toMatchObject({ gopFrames: 150, segmentFrames: 150, frameCount: 1800 });
  });
});
