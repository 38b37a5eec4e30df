import type { RenditionFacts, Span } from "./facts.ts";
import { segmentSpans } from "./facts.ts";

/** A segment of MPEG-TS, a file: tables first, then the keyframe that ends after `iFrameBytes`. */
export interface TransportSegment extends Span {
  readonly name: string;
  readonly iFrameBytes: number;
}

/** Picture and default sound of one rendition in MPEG-TS, cut like the rendition. */
export interface TransportStream {
  /** The rendition's; its files begin with it. */
  readonly id: string;
  readonly segments: readonly TransportSegment[];
}

/** What a revision holds besides for players that know the layout of Elastic Transcoder. */
export interface TransportLayout {
  /** Ascending by size. */
  readonly streams: readonly TransportStream[];
  /** From each key that players know to the stream that is behind it. */
  readonly keys: Readonly<Record<string, string>>;
}

/**
 * Where the clock of MPEG-TS stands when the film begins: decode times are before the first picture's, and there is nothing
 * below zero.
 */
export const TRANSPORT_ORIGIN_SECONDS = 10;

/** The service counted from 00000. */
export const transportName = (id: string, number: number): string => `${id}${String(number).padStart(5, "0")}.ts`;

/** A packet of the picture, in the order of the files. */
export interface PicturePacketAt {
  readonly offset: number | undefined;
  readonly ptsSeconds: number;
  readonly isKeyframe: boolean;
}

/** What the packets of all segments, one after the other, must come to. */
export interface ExpectedTransport {
  /** Of the picture's rendition. */
  readonly facts: RenditionFacts;
  /** Bytes of each segment. */
  readonly sizes: readonly number[];
}

/** Reads the packets of one stream, in order; nothing of them is kept. */
export function transportReader({ facts, sizes }: ExpectedTransport) {
  const starts = runningSums(sizes);
  const firsts: (PicturePacketAt | undefined)[] = [];
  const nexts: (number | undefined)[] = [];
  let [at, count] = [0, 0];
  return {
    add: (packet: PicturePacketAt): void => {
      const { offset } = packet;
      count += 1;
      if (offset === undefined) return;
      while (offset >= (starts[at + 1] ?? Infinity)) at += 1;
      if (firsts[at] === undefined) firsts[at] = packet;
      else nexts[at] ??= offset;
    },
    /** The stream, or why it is not what was encoded. */
    result: (): TransportStream | string => {
      const packets = facts.segments.flatMap(({ fragments }) => fragments).reduce((sum, { sampleCount }) => sum + sampleCount, 0);
      if (count !== packets) return `has ${count} pictures, not ${packets}`;
      const spans = segmentSpans(facts);
      if (sizes.length !== spans.length) return `has ${sizes.length} segments, not ${spans.length}`;
      const origin = firsts[0]?.ptsSeconds ?? 0;
      let startSeconds = 0;
      const segments: TransportSegment[] = [];
      for (const [index, { seconds: lasts }] of spans.entries()) {
        const problem = startProblem(firsts[index], origin + startSeconds);
        if (problem !== undefined) return `segment ${index} ${problem}`;
        const [from = 0, until = 0] = [starts[index], starts[index + 1]];
        segments.push({
          name: transportName(facts.id, index),
          seconds: lasts,
          bytes: until - from,
          iFrameBytes: (nexts[index] ?? until) - from,
        });
        startSeconds += lasts;
      }
      return { id: facts.id, segments };
    },
  };
}

/** The clock of MPEG-TS has 90,000 ticks a second; frames are further apart. */
const OFF_SECONDS = 0.002;

function startProblem(first: PicturePacketAt | undefined, expectedSeconds: number): string | undefined {
  if (!first) return "has no picture";
  if (!first.isKeyframe) return "begins without a keyframe";
  const off = first.ptsSeconds - expectedSeconds;
  return Math.abs(off) > OFF_SECONDS ? `begins ${off.toFixed(3)} s late` : undefined;
}

/** Where each begins, and where the last one ends. */
function runningSums(sizes: readonly number[]): readonly number[] {
  let sum = 0;
  return [0, ...sizes.map((size) => (sum += size))];
}
