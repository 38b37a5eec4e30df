import type { FragmentFacts } from "./media-segment.ts";
import type { ProtectionFacts } from "./protection-boxes.ts";

/** One segment as it lies on disk. Ticks are presentation times in the rendition's timescale. */
export interface SegmentFacts {
  readonly name: string;
  readonly sizeBytes: number;
  readonly startTicks: number;
  readonly endTicks: number;
  readonly fragments: readonly FragmentFacts[];
}

/** One rendition as measured; everything published about it is computed from this. */
export interface RenditionFacts {
  readonly id: string;
  readonly codecs: string;
  readonly timescale: number;
  readonly initBytes: number;
  readonly picture?: { readonly width: number; readonly height: number };
  readonly sound?: { readonly channels: number; readonly sampleRate: number };
  /** Undefined for a rendition in clear. */
  readonly protection?: ProtectionFacts;
  /** In order; at least one. */
  readonly segments: readonly SegmentFacts[];
}

export interface Span {
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * Seconds each segment lasts: to the start of the next, the last to its own end. What an edit list hides before zero
 * belongs to nobody's time.
 */
export function segmentSpans({ segments, timescale }: RenditionFacts): Span[] {
  return segments.map(({ sizeBytes, startTicks, endTicks }, index) => {
    const until = segments[index + 1]?.startTicks ?? endTicks;
    return { bytes: sizeBytes, seconds: (until - Math.max(0, startTicks)) / timescale };
  });
}

/** Where the rendition ends, in seconds of the one timeline. */
export const endSeconds = ({ segments, timescale }: RenditionFacts): number => (segments.at(-1)?.endTicks ?? 0) / timescale;
