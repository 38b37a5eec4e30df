import { describe, expect, test } from "vitest";
import { loudnessReader } from "../../../src/engines/ffmpeg/loudness-lines.ts";

const summary = (name: string, integrated: string, peak: string): string[] => [
  `[${name} @ 0x55666dd61980] Summary:`,
  "",
  "  Integrated loudness:",
  `    I:         ${integrated} LUFS`,
  "    Threshold: -28.7 LUFS",
  "",
  "  Loudness range:",
  "    LRA:        20.0 LU",
  "    Threshold: -38.7 LUFS",
  "    LRA low:   -38.8 LUFS",
  "    LRA high:  -18.8 LUFS",
  "",
  "  True peak:",
  `    Peak:      ${peak} dBFS`,
];

const read = (lines: readonly string[]): ReadonlyMap<string, object> => {
  const reader = loudnessReader();
  for (const line of lines) reader.add(line);
  return reader.result();
};

describe("loudnessReader", () => {
  test("reads every meter's summary by its name", () => {
    const lines = ["Input #0, mov, from 'a':", ...summary("ebur128@1-2", "-18.7", "-18.1"), ...summary("ebur128@1-6", "-70.0", "-inf")];
    expect(read(lines)).toStrictEqual(
      new Map([
        ["1-2", { integratedLufs: -18.7, truePeakDbtp: -18.1 }],
        ["1-6", { integratedLufs: -70, truePeakDbtp: -Infinity }],
      ]),
    );
  });

  test("has nothing of a summary that is cut short, nor of a meter without a name", () => {
    expect(read(summary("ebur128@1-2", "-18.7", "-18.1").slice(0, 6)).size).toBe(0);
    expect(read(summary("Parsed_ebur128_0", "-18.7", "-18.1")).size).toBe(0);
    expect(read(summary("ebur128@1-2", "nan", "-18.1")).size).toBe(0);
  });
});
