import { describe, expect, test } from "vitest";
import { gainFor, levelled } from "../../../src/domain/loudness.ts";
import { aPlan } from "../../helpers/plans.ts";
import { aSource, anAudioTrack } from "../../helpers/sources.ts";

const TARGET = { targetLufs: -16, truePeakDbtp: -1.5 };

describe("gainFor", () => {
  test("turns a quiet sound up and a loud one down to the target", () => {
    expect(gainFor({ integratedLufs: -30, truePeakDbtp: -20 }, TARGET)).toBe(14);
    expect(gainFor({ integratedLufs: -7.5, truePeakDbtp: 0.3 }, TARGET)).toBe(-8.5);
  });

  test("stops where the peaks would come within the codec's overshoot of the limit", () => {
    expect(gainFor({ integratedLufs: -30, truePeakDbtp: -8 }, TARGET)).toBe(6);
  });

  test("turns a sound down whose peaks are above the limit already", () => {
    expect(gainFor({ integratedLufs: -16, truePeakDbtp: 1 }, TARGET)).toBe(-3);
  });

  test.each([-70, -Infinity])("leaves silence (%d LUFS) alone", (integratedLufs) => {
    expect(gainFor({ integratedLufs, truePeakDbtp: -Infinity }, TARGET)).toBeUndefined();
  });
});

describe("levelled", () => {
  test("gives all bit rates of a sound one gain, and a track's stereo and 5.1 one each", () => {
    const audio = [anAudioTrack({ channels: 6 }), anAudioTrack({ index: 2, language: "de" })];
    const measured = new Map([
      ["1-2", { integratedLufs: -20, truePeakDbtp: -10 }],
      ["1-6", { integratedLufs: -22, truePeakDbtp: -10 }],
      ["2-2", { integratedLufs: -70, truePeakDbtp: -70 }],
    ]);
    const gains = (video: boolean): (readonly [string, number | undefined])[] =>
      levelled(aPlan(aSource({ audio, ...(video ? {} : { video: undefined }) })).audio, measured, TARGET).map(({ id, gainDb }) => [
        id,
        gainDb,
      ]);
    expect(gains(true)).toStrictEqual([
      ["a-en", 4],
      ["a-de", undefined],
      ["a-en-6", 6],
    ]);
    expect(gains(false)).toStrictEqual([
      ["a-en", 4],
      ["a-de", undefined],
      ["a-en-2", 4],
      ["a-de-2", undefined],
    ]);
  });
});
