import type { EmbeddedText, TextRendition } from "./encode-plan.ts";
import type { TextTrack } from "./source.ts";
import type { Labelled } from "./track-names.ts";
import { ordinalOf, uniqueName, uniqueNames, withOrdinal } from "./track-names.ts";

/** One rendition a text track. */
export function textRenditions(tracks: readonly TextTrack[]): EmbeddedText[] {
  const names = uniqueNames(tracks, UNNAMED);
  return tracks.map(({ index, language, forced }, position) => ({
    kind: "text",
    id: withOrdinal(`t-${language}`, ordinalOf(tracks, position)),
    sourceIndex: index,
    language,
    name: names[position] ?? `${UNNAMED} ${position + 1}`,
    forced,
  }));
}

const UNNAMED = "Subtitles";

/** What tells text tracks apart for those who choose one. */
export interface TextKind {
  readonly language: string;
  readonly forced: boolean;
  readonly sdh?: boolean;
}

/** Whether two text tracks serve the same need: of files, the later one takes the place of the former. */
export const isSameKind = (a: TextKind, b: TextKind): boolean =>
  a.language === b.language && a.forced === b.forced && (a.sdh ?? false) === (b.sdh ?? false);

/** A text track that comes as a file of its own. */
export interface TextFileTrack extends Labelled {
  readonly forced: boolean;
  readonly sdh: boolean;
}

/** The rendition of a text file that joins others: an id and a name that none of them has. */
export function joiningText(track: TextFileTrack, others: readonly TextRendition[]): TextRendition {
  const { language, forced, sdh } = track;
  const ids = new Set(others.map(({ id }) => id));
  let ordinal = 1;
  while (ids.has(withOrdinal(`t-${language}`, ordinal))) ordinal += 1;
  const names = new Set(others.map(({ name }) => name));
  const kind = sdh ? " (SDH)" : "";
  return {
    kind: "text",
    id: withOrdinal(`t-${language}`, ordinal),
    language,
    name: uniqueName(track, { unknown: UNNAMED, kind: forced ? " (forced)" : kind, taken: names }),
    forced,
    ...(sdh ? { sdh: true } : {}),
  };
}
