import type { Rendition } from "./published.ts";
import { edgesOf } from "./published.ts";

export interface Span {
  readonly bytes: number;
  readonly seconds: number;
}

/** Bytes and seconds of each segment. */
export function spansOf(rendition: Rendition): readonly Span[] {
  const edges = edgesOf(rendition);
  return rendition.segments.map(({ bytes }, index) => ({ bytes: bytes.length, seconds: (edges[index + 1] ?? 0) - (edges[index] ?? 0) }));
}

const rateOf = (run: readonly Span[]): number => {
  const seconds = run.reduce((total, span) => total + span.seconds, 0);
  return seconds > 0 ? (8 * run.reduce((total, span) => total + span.bytes, 0)) / seconds : 0;
};

/** Bits per second over everything. */
export const averageOf = rateOf;

/** RFC 8216 4.3.4.2: the largest rate of a contiguous run that lasts half to one and a half target durations. */
export function peakOf(spans: readonly Span[], targetSeconds: number): number {
  const runs = spans.flatMap((_, from) => spans.slice(from).map((_end, index) => spans.slice(from, from + index + 1)));
  const fitting = runs.filter((run) => {
    const seconds = run.reduce((total, span) => total + span.seconds, 0);
    return seconds >= 0.5 * targetSeconds - 1e-6 && seconds <= 1.5 * targetSeconds + 1e-6;
  });
  return fitting.length > 0 ? Math.max(...fitting.map(rateOf)) : rateOf(spans);
}

/**
 * The smallest constant rate that never stalls when playback begins `bufferSeconds` after the first bit, from any segment
 * (ISO/IEC 23009-1 5.3.5.4): every sample must have arrived when it is due.
 */
export function leakyBucketOf({ segments }: Rendition, bufferSeconds: number): number {
  let worst = 0;
  for (const [
    from,
    {
      samples: [origin],
    },
  ] of segments.entries()) {
    let bits = 0;
    for (const { bytes, samples } of segments.slice(from)) {
      bits += 8 * (bytes.length - samples.reduce((total, { sizeBytes }) => total + sizeBytes, 0));
      for (const { decodeSeconds, sizeBytes } of samples) {
        bits += 8 * sizeBytes;
        worst = Math.max(worst, bits / (bufferSeconds + decodeSeconds - (origin?.decodeSeconds ?? 0)));
      }
    }
  }
  return worst;
}
