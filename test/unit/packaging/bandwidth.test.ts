import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { averageBps, leakyBucketBps, peakBps, targetDuration } from "../../../src/packaging/bandwidth.ts";
import type { RenditionFacts, Span } from "../../../src/packaging/facts.ts";
import { segmentSpans } from "../../../src/packaging/facts.ts";
import { aFragment, aSegment } from "../../helpers/facts.ts";

const spans: fc.Arbitrary<Span[]> = fc.array(
  fc.record({ bytes: fc.integer({ min: 1, max: 5_000_000 }), seconds: fc.integer({ min: 1, max: 260 }).map((value) => value / 40) }),
  { minLength: 1, maxLength: 40 },
);

/** RFC 8216 4.3.4.2, read aloud: every contiguous run, of which those that last long enough but not too long count. */
function bruteForcePeak(all: readonly Span[], target: number): number {
  let [peak, found] = [0, false];
  for (let from = 0; from < all.length; from += 1) {
    for (let to = from + 1; to <= all.length; to += 1) {
      const run = all.slice(from, to);
      const seconds = run.reduce((total, span) => total + span.seconds, 0);
      if (seconds < 0.5 * target - 1e-6 || seconds > 1.5 * target + 1e-6) continue;
      [peak, found] = [Math.max(peak, averageBps(run)), true];
    }
  }
  return found ? peak : averageBps(all);
}

const rendition = (segments: readonly (readonly [seconds: number, sampleBytes: number])[]): RenditionFacts => {
  let at = 0;
  const built = segments.map(([seconds, sampleBytes], index) => {
    const [startTicks, endTicks] = [at, at + Math.round(seconds * 1000)];
    at = endTicks;
    return aSegment(`${index}`, [aFragment({ startTicks, endTicks, sampleBytes, sampleCount: 10 })]);
  });
  return { id: "v", codecs: "avc1.640028", timescale: 1000, initBytes: 1, segments: built };
};

describe("peakBps", () => {
  test("is the largest rate of any run of half to one and a half target durations", () => {
    fc.assert(
      fc.property(spans, fc.integer({ min: 1, max: 7 }), (all, target) => {
        expect(peakBps(all, target)).toBeCloseTo(bruteForcePeak(all, target), 3);
      }),
    );
  });

  test("counts a short last segment together with the one before", () => {
    const all = [
      { bytes: 600_000, seconds: 6 },
      { bytes: 900_000, seconds: 0.6 },
    ];
    expect(peakBps(all, 6)).toBeCloseTo((1_500_000 * 8) / 6.6, 3);
  });

  test("is never below the average when segments are whole", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 50 }), (sizes) => {
        const all = sizes.map((bytes) => ({ bytes, seconds: 6 }));
        expect(peakBps(all, 6)).toBeGreaterThanOrEqual(averageBps(all) - 1e-6);
      }),
    );
  });
});

describe("averageBps", () => {
  test("is all bits over all seconds, and 0 of nothing", () => {
    expect(
      averageBps([
        { bytes: 100, seconds: 1 },
        { bytes: 50, seconds: 2 },
      ]),
    ).toBe(400);
    expect(averageBps([])).toBe(0);
  });
});

describe("targetDuration", () => {
  test.each([
    [[[6.006, 1]], 6],
    [[[6.5, 1]], 7],
    [[[6.499, 1]], 6],
    [[[0.2, 1]], 1],
  ] as const)("of segments %j is %d", (segments, target) => {
    expect(targetDuration([rendition(segments)])).toBe(target);
  });

  test("is that of the longest segment of all renditions", () => {
    expect(
      targetDuration([
        rendition([[2, 1]]),
        rendition([
          [4, 1],
          [1, 1],
        ]),
      ]),
    ).toBe(4);
  });
});

describe("segmentSpans", () => {
  test("does not count what the edit list hides before zero", () => {
    const [first] = rendition([[6, 1]]).segments;
    if (!first) throw new RangeError("no segment");
    expect(segmentSpans({ ...rendition([]), segments: [{ ...first, startTicks: -21 }] })[0]?.seconds).toBe(6);
  });
});

describe("leakyBucketBps", () => {
  const segments = fc.array(
    fc.tuple(
      fc.integer({ min: 10, max: 60 }).map((value) => value / 10),
      fc.integer({ min: 1, max: 20_000 }),
    ),
    { minLength: 1, maxLength: 30 },
  );

  /** Plays from every segment at that rate; whether each sample of each fragment is there when it is due. */
  function plays({ segments: all, timescale }: RenditionFacts, bps: number, bufferSeconds: number): boolean {
    return all.every((start, from) => {
      let bits = 0;
      return all.slice(from).every(({ fragments }) =>
        fragments.every((fragment) => {
          bits += (fragment.sizeBytes - fragment.mediaBytes) * 8;
          const [first, rest] = [fragment.firstMediaBytes, (fragment.mediaBytes - fragment.firstMediaBytes) / (fragment.sampleCount - 1)];
          const step = (fragment.endTicks - fragment.startTicks) / timescale / fragment.sampleCount;
          return Array.from({ length: fragment.sampleCount }, (_, sample) => sample).every((sample) => {
            bits += (sample === 0 ? first : rest) * 8;
            const due = (fragment.decodeTicks - start.startTicks) / timescale + sample * step;
            return bits <= bps * (bufferSeconds + due) + 1e-6;
          });
        }),
      );
    });
  }

  test("is enough to play from every segment, and nothing less is", () => {
    fc.assert(
      fc.property(segments, fc.constantFrom(2, 4, 6, 12), (shape, buffer) => {
        const facts = rendition(shape);
        const bps = leakyBucketBps(facts, buffer);
        expect(plays(facts, bps * 1.000001, buffer)).toBe(true);
        expect(plays(facts, bps * 0.999, buffer)).toBe(false);
      }),
    );
  });

  test("falls as the player waits longer", () => {
    fc.assert(
      fc.property(segments, (shape) => {
        const facts = rendition(shape);
        expect(leakyBucketBps(facts, 6)).toBeLessThanOrEqual(leakyBucketBps(facts, 2));
      }),
    );
  });
});
