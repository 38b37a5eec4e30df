import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  chunkBytes,
  chunkPlan,
  frameRange,
  isResumable,
  leadingSegments,
  planChunks,
  planRest,
  prerollSeconds,
  uncutPlan,
} from "../../../src/domain/chunks.ts";
import type { EncodePlan } from "../../../src/domain/encode-plan.ts";
import { rational } from "../../../src/domain/rational.ts";
import { segmentCount } from "../../../src/domain/timeline.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { aPlan } from "../../helpers/plans.ts";
import { aSource, aVideoTrack } from "../../helpers/sources.ts";

const HOST = { parallel: 16, aboveCores: 4, minimumSegments: 5 };
const aFilm = (durationSeconds: number, changes: Parameters<typeof aSource>[0] = {}): EncodePlan =>
  aPlan(aSource({ video: aVideoTrack({ durationSeconds }), ...changes }));

describe("planChunks", () => {
  test("cuts a film into spans of whole segments that differ by one at most and leave nothing out, at any rate", () => {
    const rates = fc.constantFrom(rational(30), rational(30_000, 1001), rational(24_000, 1001), rational(25), rational(60_000, 1001));
    const rules = fc.record({ parallel: fc.integer({ min: 1, max: 64 }), minimumSegments: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 20_000 }), rules, (frameRate, durationSeconds, given) => {
        const plan = aPlan(aSource({ video: aVideoTrack({ frameRate, durationSeconds }) }));
        const frames = planChunks(plan, { ...given, aboveCores: 4 }).map((range) => frameRange({ ...plan, range }));
        expect(frames[0]?.start).toBe(0);
        expect(frames.at(-1)?.end).toBe(plan.timeline.frameCount);
        expect(frames.slice(1).map(({ start }) => start)).toStrictEqual(frames.slice(0, -1).map(({ end }) => end));
        expect(frames.every(({ start }) => start % plan.timeline.segmentFrames === 0)).toBe(true);
        const lengths = frames.map(({ start, end }) => Math.ceil((end - start) / plan.timeline.segmentFrames));
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
        expect(frames.length === 1 || Math.min(...lengths) >= given.minimumSegments).toBe(true);
        expect(lengths.reduce((total, length) => total + length, 0)).toBe(segmentCount(plan.timeline));
      }),
    );
  });

  test.each([
    ["a film of ten minutes on sixteen cores", { plan: aFilm(600), parallel: 16 }, 20],
    ["the same on four cores", { plan: aFilm(600), parallel: 4 }, 1],
    ["a clip too short to keep five cores busy", { plan: aFilm(140), parallel: 16 }, 1],
    ["sound alone", { plan: aPlan(aSource({ video: undefined })), parallel: 16 }, 1],
    ["an AVI, in which no time can be sought", { plan: aFilm(600, { container: "avi" }), parallel: 16 }, 1],
  ])("makes of %s as many as are worth it", (_what, { plan, parallel }, count) => {
    expect(planChunks(plan, { ...HOST, parallel })).toHaveLength(count);
  });
});

describe("the rest of a plan that an attempt before has begun", () => {
  const rules = { parallel: 4, minimumSegments: 5 };

  test("begins at the first segment that is missing, ends with the film, and is cut small enough to be lost", () => {
    const plan = aFilm(600);
    const ranges = planRest(plan, rules, 80);
    expect(ranges).toHaveLength(4);
    expect([ranges[0]?.startSeconds, ranges.at(-1)?.endSeconds]).toStrictEqual([480, 600]);
    expect(ranges.slice(1).map(({ startSeconds }) => startSeconds)).toStrictEqual(ranges.slice(0, -1).map(({ endSeconds }) => endSeconds));
    expect(planRest(plan, { ...rules, parallel: 1 }, 50)).toHaveLength(10);
    expect(planRest(plan, rules, 98)).toHaveLength(2);
    expect(planRest(plan, rules, 99)).toStrictEqual([{ startSeconds: 594, endSeconds: 600 }]);
  });

  test("counts the segments that every rendition has without a gap, and never the last", () => {
    const plan = { ...aFilm(60), video: aFilm(60).video.slice(0, 2) };
    const [first = "", second = ""] = plan.video.map(({ id }) => id);
    const has = (there: Readonly<Record<string, readonly number[]>>) =>
      leadingSegments(plan, (id, number) => there[id]?.includes(number) ?? false);
    expect(has({ [first]: [1, 2, 3, 5], [second]: [1, 2, 4, 5] })).toBe(2);
    expect(has({ [first]: [1, 2, 3] })).toBe(0);
    expect(leadingSegments(plan, () => true)).toBe(9);
  });

  test("is none of a source that cannot be entered in its middle", () => {
    expect([aFilm(60), aFilm(60, { container: "avi" })].map(isResumable)).toStrictEqual([true, false]);
  });
});

describe("a chunk's plan", () => {
  const range = { startSeconds: 6, endSeconds: 12 };

  test("holds the picture alone, and what is not cut all of the sound", () => {
    const plan = aPlan();
    expect(chunkPlan(plan, range)).toMatchObject({ range, video: plan.video, audio: [], text: [] });
    expect(uncutPlan(plan)).toMatchObject({ range: { startSeconds: 0, endSeconds: 20 }, video: [], audio: plan.audio });
  });

  test("leaves a picture that is copied to what is not cut", () => {
    const whole = aPlan();
    const plan = {
      ...whole,
      video: whole.video.map((rendition, index) => (index === 4 ? { ...rendition, copied: true as const } : rendition)),
    };
    const ids = ({ video }: EncodePlan): readonly string[] => video.map(({ id }) => id);
    expect([ids(chunkPlan(plan, range)), ids(uncutPlan(plan))]).toStrictEqual([["v240", "v360", "v480", "v720"], ["v1080"]]);
    expect(planChunks({ ...plan, video: plan.video.slice(4) }, { ...HOST, minimumSegments: 1, aboveCores: 0 })).toHaveLength(1);
  });

  test("counts frames exactly at fractional rates", () => {
    const plan = aPlan(aSource({ video: aVideoTrack({ frameRate: rational(30_000, 1001), durationSeconds: 5405.4 }) }));
    const at = (index: number): number => (index * 180 * 1001) / 30_000;
    expect(frameRange({ ...plan, range: { startSeconds: at(899), endSeconds: at(900) } })).toStrictEqual({ start: 161_820, end: 162_000 });
  });
});

describe("prerollSeconds", () => {
  const inTs = (longestGopSeconds?: number) =>
    aSource({ container: "mpegts", video: aVideoTrack(longestGopSeconds === undefined ? {} : { longestGopSeconds }) });

  test("trusts the index of an MP4 or a Matroska file, and reaches back over a keyframe interval in a transport stream", () => {
    expect(prerollSeconds(aSource())).toBe(1);
    expect(prerollSeconds(aSource({ container: "matroska,webm" }))).toBe(1);
    expect(prerollSeconds(inTs(4))).toBe(5);
  });

  test("refuses a transport stream whose keyframes are far apart or were not measured", () => {
    expect([prerollSeconds(inTs(30)), prerollSeconds(inTs())]).toStrictEqual([undefined, undefined]);
  });
});

describe("chunkBytes", () => {
  test("is what was measured at 1080p, and follows the largest picture", () => {
    expect(chunkBytes(aPlan())).toBe(390_000_000);
    const small = chunkBytes(aPlan(aSource({ video: aVideoTrack({ displayWidth: 640, displayHeight: 360 }) })));
    expect(small).toBeGreaterThan(78_000_000);
    expect(small).toBeLessThan(120_000_000);
  });

  test("counts what a second codec keeps in memory", () => {
    const codecs = [
      { codec: "h264", preset: "faster", crf: 21 },
      { codec: "av1", preset: 10, crf: 32, capFactor: 0.6 },
    ] as const;
    expect(chunkBytes(aPlan(aSource(), aLadder({ codecs })))).toBeGreaterThan(390_000_000 + 700_000_000 - 1e7);
  });
});
