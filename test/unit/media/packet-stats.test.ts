import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePacketLine } from "../../../src/media/packet-line.ts";
import { packetStats } from "../../../src/media/packet-stats.ts";
import { statsOf, steadyTimes } from "../../helpers/probe-json.ts";

/** Times in a decode order of I P B B. */
const reordered = (times: readonly number[]): number[] => {
  const shuffled = [...times];
  for (let at = 1; at + 2 < shuffled.length; at += 3) shuffled.splice(at, 3, times[at + 2] ?? 0, times[at] ?? 0, times[at + 1] ?? 0);
  return shuffled;
};

describe("packetStats", () => {
  test("knows nothing of no packets", () => {
    expect(packetStats().result()).toBeUndefined();
  });

  test("measures a steady stream", () => {
    const stats = statsOf(steadyTimes(90, 30, 1.5), 1 / 30);
    expect(stats).toMatchObject({ count: 90, keyframes: 1, bytes: 90_000, firstSeconds: 1.5, steadyShare: 1 });
    expect(stats.endSeconds).toBeCloseTo(4.5, 6);
    expect(stats.steadyStepSeconds).toBeCloseTo(1 / 30, 4);
  });

  test("sees frames in presentation order, whatever order they are decoded in", () => {
    const times = steadyTimes(100, 25);
    expect(statsOf(reordered(times), 0.04)).toStrictEqual(statsOf(times, 0.04));
  });

  test("finds steps and ends of any shuffle within the reordering depth", () => {
    const offsets = fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 2, maxLength: 200 });
    fc.assert(
      fc.property(offsets, (shifts) => {
        const order = shifts.map((shift, index) => ({ index, at: index + shift })).toSorted((a, b) => a.at - b.at);
        const stats = statsOf(
          order.map(({ index }) => index / 25),
          0.04,
        );
        expect(stats.largestStepSeconds).toBeCloseTo(0.04, 6);
        expect(stats.firstSeconds).toBe(0);
        expect(stats.endSeconds).toBeCloseTo(shifts.length / 25, 6);
      }),
    );
  });

  test("takes times rounded to milliseconds for steady", () => {
    const rounded = steadyTimes(600, 60_000 / 1001).map((time) => Math.round(time * 1000) / 1000);
    const stats = statsOf(rounded);
    expect(stats.steadyShare).toBe(1);
    expect(1 / stats.steadyStepSeconds).toBeCloseTo(59.94, 1);
  });

  test("keeps a gap out of the step but reports it", () => {
    const stats = statsOf([...steadyTimes(50, 25), ...steadyTimes(50, 25, 60)], 0.04);
    expect(stats.medianStepSeconds).toBeCloseTo(0.04, 6);
    expect(stats.largestStepSeconds).toBeCloseTo(58.04, 6);
    expect(stats.steadyShare).toBeCloseTo(98 / 99, 6);
  });

  test("ends one median step after the last packet when packets carry no duration", () => {
    expect(statsOf(steadyTimes(10, 10)).endSeconds).toBeCloseTo(1, 6);
  });

  test("has no step for a single packet", () => {
    expect(statsOf([3], 0.5)).toMatchObject({ count: 1, medianStepSeconds: 0, largestStepSeconds: 0, firstSeconds: 3, endSeconds: 3.5 });
  });
});

describe("parsePacketLine", () => {
  test("reads a line of ffprobe's compact writer", () => {
    expect(
      parsePacketLine("stream_index=1|pts_time=0.021333|dts_time=0.000000|duration_time=0.021333|size=371|pos=4096|flags=K__"),
    ).toStrictEqual({
      streamIndex: 1,
      packet: {
        ptsSeconds: 0.021333,
        dtsSeconds: 0,
        durationSeconds: 0.021333,
        sizeBytes: 371,
        isKeyframe: true,
        isHidden: false,
        offset: 4096,
      },
    });
  });

  test("falls back to the decode time, and to no duration", () => {
    const line = "stream_index=0|pts_time=N/A|dts_time=2.5|duration_time=N/A|size=9|flags=_D_";
    expect(parsePacketLine(line)?.packet).toStrictEqual({
      ptsSeconds: 2.5,
      dtsSeconds: 2.5,
      durationSeconds: 0,
      sizeBytes: 9,
      isKeyframe: false,
      isHidden: true,
      offset: undefined,
    });
  });

  test.each(["", "side_data|", "stream_index=0|pts_time=N/A|dts_time=N/A|size=1", "pts_time=1.0|size=1", "stream_index=0|pts_time=nan"])(
    "passes over %j",
    (line) => {
      expect(parsePacketLine(line)).toBeUndefined();
    },
  );

  test("counts a hundred thousand kinds of steps and no more, whatever a source says of its times", () => {
    const stats = packetStats();
    let ptsSeconds = 0;
    for (let step = 1; step <= 150_000; step += 1) {
      ptsSeconds += step / 1000;
      stats.add({ ptsSeconds, durationSeconds: 0, sizeBytes: 1, isKeyframe: true });
    }
    expect(stats.result()).toMatchObject({
      count: 150_000,
      largestStepSeconds: expect.closeTo(150),
      medianStepSeconds: expect.closeTo(50, 1),
    });
  });
});
