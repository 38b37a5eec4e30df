import type { VideoRendition } from "../../domain/encode-plan.ts";
import type { VideoTrack } from "../../domain/source.ts";
import { withOrdinal } from "../../domain/track-names.ts";
import type { Preset } from "./preset.ts";

/** A preset that stands in for rungs of the ladder, and what it makes of this source. */
export interface ChosenPreset {
  /** v<shortSide>, by the size it really makes. */
  readonly id: string;
  readonly presetId: string;
  readonly width: number;
  readonly height: number;
  readonly bitrateBps: number;
  /** Ids of the renditions that it is nearest to. */
  readonly standsFor: readonly string[];
}

interface Sized {
  readonly preset: Preset;
  readonly width: number;
  readonly height: number;
  readonly bitrateBps: number;
}

/** For each rendition the preset that comes nearest to it in size and rate, each preset once; ascending by size. */
export function choosePresets(video: readonly VideoRendition[], track: VideoTrack, presets: readonly Preset[]): readonly ChosenPreset[] {
  const sized = presets.flatMap((preset) => sizedFor(preset, track));
  const taken = new Map<Sized, string[]>();
  for (const rendition of video) {
    const nearest = sized.toSorted((a, b) => distance(a, rendition) - distance(b, rendition))[0];
    if (nearest) taken.set(nearest, [...(taken.get(nearest) ?? []), rendition.id]);
  }
  const chosen = [...taken].toSorted(([a], [b]) => a.width - b.width || a.bitrateBps - b.bitrateBps);
  const sides = chosen.map(([{ width, height }]) => Math.min(width, height));
  return chosen.map(([{ preset, width, height, bitrateBps }, standsFor], position) => ({
    id: withOrdinal(`v${sides[position]}`, sides.slice(0, position + 1).filter((side) => side === sides[position]).length),
    presetId: preset.id,
    width,
    height,
    bitrateBps,
    standsFor,
  }));
}

/** The picture fitted into the preset's box, never enlarged, in even numbers; nothing when the preset's box or rate is not known. */
function sizedFor(preset: Preset, { displayWidth, displayHeight }: VideoTrack): Sized[] {
  const { maxWidth, maxHeight, bitrateBps } = preset.video ?? {};
  if (maxWidth === undefined || maxHeight === undefined || bitrateBps === undefined) return [];
  const scale = Math.min(1, maxWidth / displayWidth, maxHeight / displayHeight);
  return [{ preset, width: even(displayWidth * scale), height: even(displayHeight * scale), bitrateBps }];
}

const even = (length: number): number => Math.max(2, 2 * Math.round(length / 2));

/** In octaves; a size that is off is seen, a rate that is off is often not. */
const distance = ({ width, height, bitrateBps }: Sized, rendition: VideoRendition): number =>
  2 * Math.abs(Math.log2(Math.min(width, height) / Math.min(rendition.width, rendition.height))) +
  Math.abs(Math.log2(bitrateBps / rendition.capBps));
