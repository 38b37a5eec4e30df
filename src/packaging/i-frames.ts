import type { RenditionFacts, Span } from "./facts.ts";

/** One I-frame for trick play: the moof and the whole first sample of its fragment. */
export interface IFrame extends Span {
  readonly segment: string;
  readonly offset: number;
}

/** Every IDR of a video rendition, each lasting to the next (RFC 8216 4.3.3.6). */
export function iFrames({ segments, timescale }: RenditionFacts): IFrame[] {
  const found = segments.flatMap(({ name, fragments }) =>
    fragments.filter(({ startsWithSync }) => startsWithSync).map((fragment) => ({ name, fragment })),
  );
  const end = segments.at(-1)?.endTicks ?? 0;
  return found.map(({ name, fragment }, index) => {
    const until = found[index + 1]?.fragment.startTicks ?? end;
    return { segment: name, offset: fragment.offset, bytes: fragment.firstSampleBytes, seconds: (until - fragment.startTicks) / timescale };
  });
}
