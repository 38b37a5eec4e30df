import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Cue } from "../../../src/packaging/webvtt.ts";
import { isBounded, textFiles, textPeriods } from "../../../src/packaging/text-playlist.ts";
import { onTimeline, parseCues, wholeText } from "../../../src/packaging/webvtt.ts";
import { aPlan } from "../../helpers/plans.ts";

const cue = (startSeconds: number, endSeconds: number, text = "Hello"): Cue => ({ startSeconds, endSeconds, settings: "", text });

/** Four segments of six seconds. */
const TIMELINE = { ...aPlan().timeline, durationSeconds: 24, frameCount: 720 };

describe("parseCues", () => {
  test("reads cues with and without hours, identifiers and settings, in order of time", () => {
    const file =
      "WEBVTT\r\n\r\n2\r\n00:05.000 --> 00:06.500 line:90%\r\nTwo\r\nlines\r\n\r\n01:00:01.000 --> 01:00:02.000\nLate\n\n00:01.000 --> 00:02.000\nFirst\n";
    expect(parseCues(file)).toEqual([
      { startSeconds: 1, endSeconds: 2, settings: "", text: "First" },
      { startSeconds: 5, endSeconds: 6.5, settings: "line:90%", text: "Two\nlines" },
      { startSeconds: 3601, endSeconds: 3602, settings: "", text: "Late" },
    ]);
  });

  test("leaves out notes, styles, cues that end before they start and cues without text", () => {
    const file = "WEBVTT\n\nNOTE a --> b\n\nSTYLE\n::cue{}\n\n00:02.000 --> 00:01.000\nBack\n\n00:03.000 --> 00:04.000\n \n";
    expect(parseCues(file)).toEqual([]);
  });

  test("gives no text a way to begin a cue of its own", () => {
    const [only] = parseCues("WEBVTT\n\n00:01.000 --> 00:02.000\nevil\u0000\n00:03.000 --> 00:04.000 x\n");
    expect(only?.text).toBe("evil\n00:03.000 → 00:04.000 x");
  });
});

describe("onTimeline", () => {
  test("moves cues, cuts them to the programme and drops what is left of nothing", () => {
    const cues = [cue(0, 1), cue(1.5, 3), cue(9, 20), cue(30, 31)];
    expect(onTimeline(cues, -2, 10)).toEqual([cue(0, 1), cue(7, 10)]);
  });
});

describe("the written text", () => {
  test("reads back as the same cues", () => {
    const times = fc.tuple(fc.integer({ min: 0, max: 36_000_000 }), fc.integer({ min: 1, max: 60_000 }));
    fc.assert(
      fc.property(fc.array(times, { maxLength: 20 }), (pairs) => {
        const cues = pairs
          .map(([start, length]) => cue(start / 1000, (start + length) / 1000))
          .toSorted((a, b) => a.startSeconds - b.startSeconds || a.endSeconds - b.endSeconds);
        const seconds = (list: readonly Cue[]): number[][] =>
          list.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds].map((at) => Math.round(at * 1000)));
        expect(seconds(parseCues(wholeText(cues)))).toEqual(seconds(cues));
      }),
    );
  });

  test("puts a cue into every segment it is shown in, on the media's clock", () => {
    const files = textFiles({ cues: [cue(5, 7), cue(6, 6.5), cue(12, 13)] }, TIMELINE);
    expect(files.get("00001.vtt")).toContain("X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000");
    expect(parseCues(files.get("00001.vtt") ?? "")).toEqual([cue(5, 7)]);
    expect(parseCues(files.get("00002.vtt") ?? "")).toEqual([cue(5, 7), cue(6, 6.5)]);
    expect(files.get("00004.vtt")).toBe("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n");
  });

  test("has exactly the cues of its period in each segment, wherever they begin and end", () => {
    const times = fc.tuple(fc.integer({ min: 0, max: 23_990 }), fc.integer({ min: 1, max: 24_000 }));
    fc.assert(
      fc.property(fc.array(times, { maxLength: 20 }), (pairs) => {
        const cues = pairs
          .map(([start, length]) => cue(start / 1000, Math.min(24, (start + length) / 1000)))
          .toSorted((a, b) => a.startSeconds - b.startSeconds || a.endSeconds - b.endSeconds);
        const files = textFiles({ cues }, TIMELINE);
        for (const { name, startSeconds, endSeconds } of textPeriods(TIMELINE)) {
          const due = cues.filter((one) => one.startSeconds < endSeconds && one.endSeconds > startSeconds);
          expect(parseCues(files.get(name) ?? "")).toHaveLength(due.length);
        }
      }),
    );
  });

  test("is refused when its cues would fill every segment", () => {
    const long = Array.from({ length: 20_000 }, () => cue(0, 21_600, "x".repeat(100)));
    const sixHours = { ...TIMELINE, durationSeconds: 21_600, frameCount: 21_600 * 30 };
    expect(isBounded(long, sixHours)).toBe(false);
    expect(isBounded([cue(0, 21_600)], sixHours)).toBe(true);
    expect(
      isBounded(
        Array.from({ length: 10_000 }, (_, at) => cue(2 * at, 2 * at + 2, "A line of forty characters, as usual.")),
        sixHours,
      ),
    ).toBe(true);
  });
});
