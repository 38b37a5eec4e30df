import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { VideoRendition } from "../../../src/domain/encode-plan.ts";
import type { Timeline } from "../../../src/domain/timeline.ts";
import type { Storyboard } from "../../../src/packaging/storyboard.ts";
import { clock, pictureNames, planStoryboard, sheetCount, storyboardIndex } from "../../../src/packaging/storyboard.ts";

const rendition: VideoRendition = {
  kind: "video",
  id: "v720",
  codec: "h264",
  profile: "high",
  preset: "faster",
  crf: 21,
  width: 1280,
  height: 720,
  capBps: 2_800_000,
  bufferBits: 5_600_000,
};

const aTimeline = (seconds: number): Timeline => ({
  sourceStartSeconds: 0,
  durationSeconds: seconds,
  frameRate: { num: 25, den: 1 },
  frameCount: Math.max(1, Math.round(seconds * 25)),
  gopFrames: 50,
  segmentFrames: 150,
});

const cuesOf = (text: string): string[][] => [...text.matchAll(/^(\S+) --> (\S+)\n(\S+)$/gm)].map((match) => match.slice(1));

function isInside(uri: string, plan: Storyboard): boolean {
  const [sheet = 0, x = 0, y = 0, width = 0, height = 0] = (uri.match(/\d+/g) ?? []).map(Number);
  const { columns, rows, tileWidth, tileHeight } = plan;
  return sheet >= 1 && sheet <= sheetCount(plan) && x + width <= columns * tileWidth && y + height <= rows * tileHeight;
}

describe("planStoryboard", () => {
  test("shows every keyframe of a short clip on one sheet", () => {
    const plan = planStoryboard(aTimeline(21), rendition);
    expect(plan).toMatchObject({
      everyKeyframes: 1,
      intervalSeconds: 2,
      tileCount: 11,
      columns: 10,
      rows: 2,
      tileWidth: 160,
      tileHeight: 90,
    });
    expect(sheetCount(plan)).toBe(1);
  });

  test("stays within 600 tiles of a long film", () => {
    const plan = planStoryboard(aTimeline(7200), rendition);
    expect(plan).toMatchObject({ everyKeyframes: 6, intervalSeconds: 12, tileCount: 600, columns: 10, rows: 10 });
    expect(pictureNames(plan)).toHaveLength(1 + 6);
  });

  test("keeps a portrait picture upright", () => {
    expect(planStoryboard(aTimeline(4), { ...rendition, width: 720, height: 1280 })).toMatchObject({ tileWidth: 90, tileHeight: 160 });
  });
});

describe("storyboardIndex", () => {
  test("covers the whole duration without a gap, every tile inside its sheet", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.04, max: 40_000, noNaN: true }), (seconds) => {
        const timeline = aTimeline(seconds);
        const plan = planStoryboard(timeline, rendition);
        const cues = cuesOf(storyboardIndex(plan, timeline.durationSeconds));
        const ends = cues.map((cue) => cue[1]);
        expect(cues).toHaveLength(plan.tileCount);
        expect(cues.map((cue) => cue[0])).toEqual(["00:00:00.000", ...ends.slice(0, -1)]);
        expect(ends.at(-1)).toBe(clock(timeline.durationSeconds));
        expect(cues.filter((cue) => !isInside(cue[2] ?? "", plan))).toEqual([]);
      }),
    );
  });
});

test("clock counts hours beyond a day and rounds to milliseconds", () => {
  expect(clock(0)).toBe("00:00:00.000");
  expect(clock(3661.0006)).toBe("01:01:01.001");
  expect(clock(100 * 3600)).toBe("100:00:00.000");
});
