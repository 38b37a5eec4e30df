import { describe, expect, test } from "vitest";
import { formatRational, parseRational } from "../../../src/domain/rational.ts";
import { measureFrameRate } from "../../../src/media/frame-rate.ts";
import { statsOf, steadyTimes } from "../../helpers/probe-json.ts";

const toMilliseconds = (times: readonly number[]): number[] => times.map((time) => Math.round(time * 1000) / 1000);
const rateOf = (times: readonly number[], ...declared: readonly string[]): string => {
  const { frameRate, isVariable } = measureFrameRate(statsOf(times), declared.map(parseRational));
  return `${formatRational(frameRate)}${isVariable ? " variable" : ""}`;
};
const NTSC = 30_000 / 1001;

describe("measureFrameRate", () => {
  test.each([
    ["57600/1", "57600/1"],
    ["1000/1", "1000/1"],
    ["0/0", "0/0"],
    ["90000/1", "30/1"],
  ])("does not believe declared rates of %s and %s against the packets", (real, average) => {
    expect(rateOf(steadyTimes(300, 30), real, average)).toBe("30");
  });

  test("takes the declared rate where the packets agree", () => {
    expect(rateOf(steadyTimes(300, NTSC), "30000/1001", "30000/1001")).toBe("30000/1001");
    expect(rateOf(steadyTimes(300, 29), "29/1", "29/1")).toBe("29");
  });

  test("tells 29.97 from 30 in rounded times without a declared rate", () => {
    expect(rateOf(toMilliseconds(steadyTimes(600, NTSC)))).toBe("30000/1001");
    expect(rateOf(toMilliseconds(steadyTimes(600, 30)))).toBe("30");
  });

  test("tells 23.976 from 24 in rounded times when the header claims both", () => {
    expect(rateOf(toMilliseconds(steadyTimes(600, 24_000 / 1001)), "24/1", "24000/1001")).toBe("24000/1001");
  });

  test("measures an unusual steady rate exactly", () => {
    expect(rateOf(steadyTimes(300, 17.5))).toBe("35/2");
  });

  test("is constant across one gap", () => {
    expect(rateOf([...steadyTimes(100, 25), ...steadyTimes(100, 25, 10)], "25/1")).toBe("25");
  });

  test("gives a variable rate the average on a coarse grid, and says so", () => {
    const times = Array.from({ length: 200 }, (_, index) => Math.floor(index / 2) * 0.25 + (index % 2) * 0.05);
    expect(rateOf(times)).toBe("8 variable");
  });

  test("never makes a variable rate slower than one frame a second", () => {
    expect(rateOf([0, 3, 4, 9, 20, 21, 40])).toBe("1 variable");
  });

  test("falls back to the first possible declared rate for a single frame, then to 25", () => {
    expect(rateOf([0], "90000/1", "24/1")).toBe("24");
    expect(rateOf([0], "0/0", "90000/1")).toBe("25");
  });
});
