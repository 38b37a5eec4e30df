import { describe, expect, test } from "vitest";
import { splitEarly } from "../../../src/domain/early-set.ts";
import type { EncodePlan } from "../../../src/domain/encode-plan.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { aPlan } from "../../helpers/plans.ts";
import { aSource, aVideoTrack } from "../../helpers/sources.ts";

const idsOf = ({ video, audio }: EncodePlan): readonly string[] => [...video, ...audio].map(({ id }) => id);

describe("splitEarly", () => {
  test("takes the smallest two rungs and all of the sound first, on the same timeline", () => {
    const plan = aPlan();
    const split = splitEarly(plan);
    expect(split && [idsOf(split.early), idsOf(split.rest)]).toStrictEqual([
      ["v240", "v360", "a-en"],
      ["v480", "v720", "v1080"],
    ]);
    expect([split?.early.timeline, split?.rest.timeline]).toStrictEqual([plan.timeline, plan.timeline]);
  });

  test("takes what every player decodes", () => {
    const [h264 = { codec: "h264", preset: "faster", crf: 21 }] = aLadder().codecs;
    const split = splitEarly(aPlan(aSource(), aLadder({ codecs: [h264, { codec: "av1", preset: 10, crf: 35, capFactor: 0.6 }] })));
    expect(split?.early.video.map(({ id }) => id)).toStrictEqual(["v240-h264", "v360-h264"]);
    expect(split?.rest.video).toHaveLength(8);
  });

  test.each([
    ["a short source", aPlan(aSource({ video: aVideoTrack({ durationSeconds: 17 }) }))],
    ["two rungs", aPlan(aSource({ video: aVideoTrack({ displayWidth: 640, displayHeight: 360 }) }))],
    ["sound alone", aPlan(aSource({ video: undefined }))],
    ["rungs of which only one is small", aPlan(aSource(), aLadder({ rungs: aLadder().rungs.slice(2) }))],
  ])("leaves %s in one piece", (_what, plan) => {
    expect(splitEarly(plan)).toBeUndefined();
  });
});
