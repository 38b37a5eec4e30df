import { describe, expect, test } from "vitest";
import type { SegmentFacts, RenditionFacts } from "../../../src/packaging/facts.ts";
import type { Presentation } from "../../../src/packaging/presentation.ts";
import { findDefects, refuseDefects } from "../../../src/packaging/verify.ts";
import { aPresentation } from "../../helpers/facts.ts";
import { GOLDEN_PLANS, aPlan } from "../../helpers/plans.ts";

type Break = (facts: RenditionFacts) => RenditionFacts;
const having =
  (change: (facts: RenditionFacts) => Partial<RenditionFacts>): Break =>
  (facts) => ({ ...facts, ...change(facts) });
const sound = aPresentation(aPlan());

/** The presentation with the facts of its smallest picture, or of its sound, broken. */
const broken = (kind: "video" | "audio", change: Break): Presentation => {
  const alter = <T extends { readonly facts: RenditionFacts }>(entries: readonly T[]): T[] =>
    entries.map((entry, index) => (index === 0 ? { ...entry, facts: change(entry.facts) } : entry));
  return kind === "video" ? { ...sound, video: alter(sound.video) } : { ...sound, audio: alter(sound.audio) };
};
const segmentAt =
  (at: number, change: (segment: SegmentFacts) => Partial<SegmentFacts>): Break =>
  (facts) => ({
    ...facts,
    segments: facts.segments.map((segment, index) => (index === at ? { ...segment, ...change(segment) } : segment)),
  });
const fragmentOf = (change: object): Break =>
  segmentAt(1, ({ fragments }) => ({
    fragments: fragments.map((fragment, index) => (index === 1 ? { ...fragment, ...change } : fragment)),
  }));

describe("findDefects", () => {
  test.each(Object.entries(GOLDEN_PLANS))("finds nothing wrong with a faultless %s", (_name, plan) => {
    expect(findDefects(aPresentation(plan))).toStrictEqual([]);
  });

  test.each<readonly [what: string, broken: Presentation, check: string]>([
    [
      "a last segment that is missing in the video",
      broken(
        "video",
        having(({ segments }) => ({ segments: segments.slice(0, -1) })),
      ),
      "count",
    ],
    [
      "a first segment that is missing in the audio",
      broken(
        "audio",
        having(({ segments }) => ({ segments: segments.slice(1) })),
      ),
      "names",
    ],
    [
      "one segment too many in the video",
      broken(
        "video",
        having(({ segments }) => ({ segments: [...segments, ...segments.slice(-1)] })),
      ),
      "count",
    ],
    [
      "a gap in the names in the video",
      broken(
        "video",
        segmentAt(1, () => ({ name: "00007.m4s" })),
      ),
      "names",
    ],
    [
      "another video codec in the video",
      broken(
        "video",
        having(() => ({ codecs: "hvc1.1.6.L93" })),
      ),
      "codec",
    ],
    [
      "another audio codec in the audio",
      broken(
        "audio",
        having(() => ({ codecs: "mp4a.40.5" })),
      ),
      "codec",
    ],
    [
      "another number of channels in the audio",
      broken(
        "audio",
        having(() => ({ sound: { channels: 6, sampleRate: 48_000 } })),
      ),
      "codec",
    ],
    ["no channels in the audio", broken("audio", ({ sound: _sound, ...facts }) => facts), "codec"],
    [
      "another picture size in the video",
      broken(
        "video",
        having(() => ({ picture: { width: 428, height: 240 } })),
      ),
      "size",
    ],
    ["a GOP without a keyframe in front in the video", broken("video", fragmentOf({ startsWithSync: false })), "keyframes"],
    ["a GOP with two keyframes in the video", broken("video", fragmentOf({ syncCount: 2 })), "keyframes"],
    ["a GOP with a frame too few in the video", broken("video", fragmentOf({ sampleCount: 59 })), "frames"],
    [
      "a boundary one frame late in the video",
      broken(
        "video",
        segmentAt(2, ({ startTicks }) => ({ startTicks: startTicks + 1 })),
      ),
      "boundaries",
    ],
    [
      "a beginning one frame late in the video",
      broken(
        "video",
        segmentAt(0, () => ({ startTicks: 1 })),
      ),
      "boundaries",
    ],
    [
      "a boundary two sound frames late in the audio",
      broken(
        "audio",
        segmentAt(2, ({ startTicks }) => ({ startTicks: startTicks + 2048 })),
      ),
      "boundaries",
    ],
    [
      "a hole between segments in the audio",
      broken(
        "audio",
        segmentAt(1, ({ endTicks }) => ({ endTicks: endTicks - 1024 })),
      ),
      "continuity",
    ],
    [
      "segments that overlap in the audio",
      broken(
        "audio",
        segmentAt(1, ({ endTicks }) => ({ endTicks: endTicks + 1024 })),
      ),
      "continuity",
    ],
    [
      "an end two frames early in the video",
      broken(
        "video",
        segmentAt(3, ({ endTicks }) => ({ endTicks: endTicks - 2 })),
      ),
      "duration",
    ],
    [
      "an end two sound frames late in the audio",
      broken(
        "audio",
        segmentAt(3, ({ endTicks }) => ({ endTicks: endTicks + 2048 })),
      ),
      "duration",
    ],
    [
      "a time scale of nothing in the video",
      broken(
        "video",
        having(() => ({ timescale: 0 })),
      ),
      "duration",
    ],
  ])("finds %s", (_what, presentation, check) => {
    expect(findDefects(presentation).map((finding) => finding.check)).toContain(check);
  });

  test("finds H.264 where another codec was to be", () => {
    const both = aPresentation(GOLDEN_PLANS["h264-av1"] ?? aPlan());
    const video = both.video.map(({ rendition, facts }) => ({ rendition, facts: { ...facts, codecs: "avc1.4d401e" } }));
    expect(findDefects({ ...both, video }).map(({ check, rendition }) => `${rendition} ${check}`)).toStrictEqual([
      "v240-av1 codec",
      "v360-av1 codec",
    ]);
  });

  test("allows sound a boundary within one of its frames", () => {
    const shift = segmentAt(2, ({ startTicks }) => ({ startTicks: startTicks + 60 }));
    expect(findDefects(broken("audio", shift))).toStrictEqual([]);
  });
});

describe("refuseDefects", () => {
  test("lets an output without findings pass", () => {
    expect(() => refuseDefects([])).not.toThrow();
  });

  test.each([
    ["boundaries", "output_misaligned"],
    ["keyframes", "output_misaligned"],
    ["count", "output_incomplete"],
    ["duration", "output_incomplete"],
  ] as const)("refuses %s with %s", (check, code) => {
    expect(() => refuseDefects([{ check, rendition: "v240", message: "is off" }])).toThrow(
      expect.objectContaining({ code, message: "v240: is off" }),
    );
  });

  test("names five findings and keeps fifty", () => {
    const findings = Array.from({ length: 80 }, (_, index) => ({ check: "count", rendition: `v${index}`, message: "x" }) as const);
    expect(() => refuseDefects(findings)).toThrow(
      expect.objectContaining({ message: "v0: x; v1: x; v2: x; v3: x; v4: x", facts: { findings: findings.slice(0, 50) } }),
    );
  });
});
