import type { RenditionFacts, Span } from "./facts.ts";
import { segmentSpans } from "./facts.ts";

const EPSILON_SECONDS = 1e-6;

/** Bits per second over everything. */
export function averageBps(spans: readonly Span[]): number {
  const seconds = spans.reduce((total, span) => total + span.seconds, 0);
  const bytes = spans.reduce((total, span) => total + span.bytes, 0);
  return seconds > 0 ? (bytes * 8) / seconds : 0;
}

/**
 * The peak segment bit rate of RFC 8216 4.3.4.2: the largest rate of any contiguous run of segments that lasts 0.5 to
 * 1.5 target durations; over everything when no run does.
 */
export function peakBps(spans: readonly Span[], targetSeconds: number): number {
  const rates = spans.flatMap((_, from) => runRates(spans.slice(from, from + spansWithin(spans, from, targetSeconds)), targetSeconds));
  return rates.length > 0 ? Math.max(...rates) : averageBps(spans);
}

/** How many segments from `from` on fit into one and a half target durations. */
function spansWithin(spans: readonly Span[], from: number, targetSeconds: number): number {
  let seconds = 0;
  let count = 0;
  for (const span of spans.slice(from)) {
    seconds += span.seconds;
    if (seconds > 1.5 * targetSeconds + EPSILON_SECONDS) break;
    count += 1;
  }
  return count;
}

function runRates(run: readonly Span[], targetSeconds: number): number[] {
  return run.flatMap((_, index) => {
    const part = run.slice(0, index + 1);
    const seconds = part.reduce((total, span) => total + span.seconds, 0);
    return seconds >= 0.5 * targetSeconds - EPSILON_SECONDS ? [averageBps(part)] : [];
  });
}

/** The one TARGETDURATION of an asset: the longest segment, rounded (RFC 8216 4.3.3.1). */
export function targetDuration(renditions: readonly RenditionFacts[]): number {
  const longest = Math.max(...renditions.flatMap(segmentSpans).map(({ seconds }) => seconds));
  return Math.max(1, Math.round(longest));
}

/** How many segments ahead a stall can build up; more does not change the figure for capped streams. */
const LOOKAHEAD = 40;

/**
 * The smallest constant rate at which playback never stalls when it starts `bufferSeconds` after the first bit, from any
 * segment (ISO/IEC 23009-1 5.3.5.4), judged where demand is highest: at the first sample of each fragment and at its last.
 */
export function leakyBucketBps({ segments, timescale }: RenditionFacts, bufferSeconds: number): number {
  let worst = 0;
  for (const from of segments.keys()) {
    const ahead = segments.slice(from, from + LOOKAHEAD);
    const origin = ahead[0]?.fragments[0]?.decodeTicks ?? 0;
    let bits = 0;
    for (const { sizeBytes, fragments } of ahead) {
      bits += (sizeBytes - fragments.reduce((total, { mediaBytes }) => total + mediaBytes, 0)) * 8;
      for (const fragment of fragments) {
        const elapsed = (fragment.decodeTicks - origin) / timescale;
        const lasts = (fragment.endTicks - fragment.startTicks) / timescale;
        worst = Math.max(worst, (bits + fragment.firstMediaBytes * 8) / (bufferSeconds + elapsed));
        bits += fragment.mediaBytes * 8;
        worst = Math.max(worst, bits / (bufferSeconds + elapsed + lasts * lastSampleAt(fragment)));
      }
    }
  }
  return worst;
}

/** When the last sample of a fragment is due, as a share of its duration. */
const lastSampleAt = ({ sampleCount }: { sampleCount: number }): number => (sampleCount - 1) / sampleCount;
