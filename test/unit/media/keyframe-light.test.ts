import { describe, expect, test } from "vitest";
import type { KeyframeLight } from "../../../src/media/keyframe-light.ts";
import { choosePoster, lightReader } from "../../../src/media/keyframe-light.ts";

const BLACK: KeyframeLight = { average: 16, contrast: 0 };
const WHITE: KeyframeLight = { average: 235, contrast: 0 };
const flat: KeyframeLight = { average: 100, contrast: 10 };
const varied: KeyframeLight = { average: 90, contrast: 150 };

describe("lightReader", () => {
  test("reads average and contrast of each frame from ffmpeg's lines", () => {
    const reader = lightReader();
    const lines = [
      "frame:0 pts:0 pts_time:0",
      "lavfi.signalstats.YMIN=16",
      "lavfi.signalstats.YLOW=20",
      "lavfi.signalstats.YAVG=81.5",
      "lavfi.signalstats.YHIGH=200",
      "frame:1 pts:60 pts_time:2",
      "lavfi.signalstats.YAVG=16",
    ];
    for (const line of lines) reader.add(line);
    expect(reader.result()).toEqual([
      { average: 81.5, contrast: 180 },
      { average: 16, contrast: 0 },
    ]);
  });

  test("takes figures before the first frame for nothing", () => {
    const reader = lightReader();
    reader.add("lavfi.signalstats.YAVG=81.5");
    expect(reader.result()).toEqual([]);
  });
});

describe("choosePoster", () => {
  test("takes the most varied frame between a tenth and a half", () => {
    expect(choosePoster([varied, flat, flat, varied, flat, flat, flat, flat, flat, varied, varied])).toBe(3);
  });

  test("never takes a black or a white frame while there is another", () => {
    expect(choosePoster([BLACK, BLACK, WHITE, BLACK, BLACK, BLACK, BLACK, BLACK, flat, BLACK])).toBe(8);
  });

  test("takes the first frame of a film without light, and of nothing", () => {
    expect(choosePoster([BLACK, BLACK])).toBe(0);
    expect(choosePoster([])).toBe(0);
  });
});
