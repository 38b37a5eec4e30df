import type { Timeline } from "../../domain/timeline.ts";
import { toNumber } from "../../domain/rational.ts";
import type { PlacedPacket } from "./cuts.ts";

/**
 * The timeline with the keyframes that a preset of the service made, which are its own; undefined when they do not come at
 * one interval, so that no picture could be said to be of a time. Pure; `packets` are of one track.
 */
export function withKeyframesOf(timeline: Timeline, packets: readonly PlacedPacket[]): Timeline | undefined {
  const keyframes = packets.filter(({ isKeyframe }) => isKeyframe).map(({ ptsSeconds }) => ptsSeconds);
  const [first, second] = keyframes;
  if (first === undefined) return undefined;
  const fps = toNumber(timeline.frameRate);
  const gopFrames = second === undefined ? timeline.frameCount : Math.max(1, Math.round((second - first) * fps));
  const isRegular = keyframes.every((seconds, index) => Math.abs((seconds - first) * fps - index * gopFrames) <= 1);
  const expected = Math.ceil(timeline.frameCount / gopFrames);
  return isRegular && keyframes.length === expected ? { ...timeline, gopFrames, segmentFrames: gopFrames } : undefined;
}
