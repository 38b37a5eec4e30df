import type { TextRendition } from "./encode-plan.ts";
import type { TextTrack } from "./source.ts";
import { ordinalOf, uniqueNames, withOrdinal } from "./track-names.ts";

/** One rendition a text track. */
export function textRenditions(tracks: readonly TextTrack[]): TextRendition[] {
  const names = uniqueNames(tracks, "Subtitles");
  return tracks.map(({ index, language, forced }, position) => ({
    kind: "text",
    id: withOrdinal(`t-${language}`, ordinalOf(tracks, position)),
    sourceIndex: index,
    language,
    name: names[position] ?? `Subtitles ${position + 1}`,
    forced,
  }));
}
