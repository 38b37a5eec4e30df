import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rational, toNumber } from "../../../src/domain/rational.ts";
import type { Timeline } from "../../../src/domain/timeline.ts";
import { audioTimeline, gopSeconds, onNominalGrid, segmentCount, segmentSeconds, videoTimeline } from "../../../src/domain/timeline.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { aSource, aVideoTrack, anAudioTrack } from "../../helpers/sources.ts";

const rates = fc.constantFrom(
  rational(5),
  rational(24_000, 1001),
  rational(24),
  rational(25),
  rational(30_000, 1001),
  rational(30),
  rational(50),
  rational(60_000, 1001),
  rational(60),
);
const durations = fc.double({ min: 0.001, max: 4000, noNaN: true });
const timelineOf = (durationSeconds: number, frameRate = rational(30)): Timeline =>
  videoTimeline(aVideoTrack({ durationSeconds }), frameRate, aLadder());
const tailSeconds = ({ frameCount, frameRate }: Timeline, segmentFrames: number): number =>
  (frameCount % segmentFrames || segmentFrames) / toNumber(frameRate);

describe("videoTimeline, for any duration and rate", () => {
  test("leaves no last segment under half a second where a GOP within 92 % of nominal allows a longer one", () => {
    fc.assert(
      fc.property(durations, rates, (durationSeconds, frameRate) => {
        const timeline = timelineOf(durationSeconds, frameRate);
        if (segmentCount(timeline) === 1 || tailSeconds(timeline, timeline.segmentFrames) >= 0.5) return;
        const nominal = Math.round(2 * toNumber(frameRate));
        const shortest = Math.ceil(nominal * 0.92);
        for (let gop = shortest; gop <= nominal; gop += 1) {
          expect(tailSeconds(timeline, 3 * gop)).toBeLessThanOrEqual(tailSeconds(timeline, timeline.segmentFrames) + 1e-9);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("covers every frame by whole GOPs in whole segments, none above 6.5 s", () => {
    fc.assert(
      fc.property(durations, rates, (durationSeconds, frameRate) => {
        const timeline = timelineOf(durationSeconds, frameRate);
        const { frameCount, segmentFrames, gopFrames } = timeline;
        expect(segmentFrames).toBe(3 * gopFrames);
        expect((segmentCount(timeline) - 1) * segmentFrames).toBeLessThan(frameCount);
        expect(segmentCount(timeline) * segmentFrames).toBeGreaterThanOrEqual(frameCount);
        expect(segmentSeconds(timeline)).toBeLessThanOrEqual(6.5);
        expect(segmentSeconds(timeline)).toBeGreaterThan(5);
      }),
    );
  });

  test("lasts as long as the picture, to half a frame", () => {
    fc.assert(
      fc.property(durations, rates, (durationSeconds, frameRate) => {
        const timeline = timelineOf(durationSeconds, frameRate);
        const frame = 1 / toNumber(frameRate);
        expect(Math.abs(timeline.durationSeconds - Math.max(durationSeconds, frame))).toBeLessThanOrEqual(frame / 2 + 1e-6);
      }),
    );
  });
});

describe("videoTimeline", () => {
  test("cuts 29.97 fps every 6.006 s, in GOPs of 2.002 s", () => {
    const timeline = timelineOf(60.06, rational(30_000, 1001));
    expect(segmentSeconds(timeline)).toBeCloseTo(6.006, 9);
    expect(gopSeconds(timeline)).toBeCloseTo(2.002, 9);
    expect(segmentCount(timeline)).toBe(10);
  });

  test("has one segment for a single frame", () => {
    const timeline = timelineOf(1 / 30);
    expect([timeline.frameCount, segmentCount(timeline)]).toStrictEqual([1, 1]);
  });

  test("keeps the nominal GOP for an exact number of segments", () => {
    expect(timelineOf(18)).toMatchObject({ gopFrames: 60, segmentFrames: 180, frameCount: 540, durationSeconds: 18 });
  });

  test("shortens the GOP a little instead of leaving a tail of 0.1 s", () => {
    const timeline = timelineOf(18.1);
    expect(timeline.gopFrames).toBe(58);
    expect(segmentCount(timeline)).toBe(4);
    expect(tailSeconds(timeline, timeline.segmentFrames)).toBeCloseTo(0.7, 6);
  });

  test("has the nominal GOP and the tail where somebody else cuts", () => {
    const { timeline } = onNominalGrid({ timeline: timelineOf(18.1) }, aLadder());
    expect(timeline).toStrictEqual({ ...timelineOf(18.1), gopFrames: 60, segmentFrames: 180 });
    expect(tailSeconds(timeline, timeline.segmentFrames)).toBeCloseTo(0.1, 6);
  });

  test("starts where the picture starts", () => {
    expect(videoTimeline(aVideoTrack({ startSeconds: 1.4 }), rational(30), aLadder()).sourceStartSeconds).toBe(1.4);
  });
});

describe("audioTimeline", () => {
  test("spans all tracks on a grid of milliseconds", () => {
    const source = aSource({
      video: undefined,
      audio: [anAudioTrack({ startSeconds: 0.5, durationSeconds: 10 }), anAudioTrack({ startSeconds: 0.1, durationSeconds: 14.3456 })],
    });
    const timeline = audioTimeline(source, aLadder());
    expect(timeline).toMatchObject({ sourceStartSeconds: 0.1, durationSeconds: 14.346, frameCount: 14_346, gopFrames: 2000 });
    expect(segmentCount(timeline)).toBe(3);
  });
});
