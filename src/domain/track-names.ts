import type { AudioTrack } from "./source.ts";

/** What a track says of itself. */
export type Labelled = Pick<AudioTrack, "language" | "title">;

/** The how-manieth of its language a track is, from 1. */
export const ordinalOf = (tracks: readonly Labelled[], position: number): number =>
  tracks.slice(0, position + 1).filter(({ language }) => language === tracks[position]?.language).length;

/** The first of its kind keeps the plain name. */
export const withOrdinal = (base: string, ordinal: number): string => (ordinal === 1 ? base : `${base}-${ordinal}`);

/** What a player's menu shows for each track: its title or its language, no two alike. */
export function uniqueNames(tracks: readonly Labelled[], unknown: string): string[] {
  const taken = new Set<string>();
  return tracks.map((track) => {
    const name = uniqueName(track, { unknown, taken });
    taken.add(name);
    return name;
  });
}

/** What a player's menu shows for one more track: its title, or its language and what `kind` it is, unlike all `taken` ones. */
export function uniqueName(
  { title, language }: Labelled,
  { unknown, kind = "", taken }: { unknown: string; kind?: string; taken: ReadonlySet<string> },
): string {
  const base = title ?? languageName(language, unknown) + kind;
  let name = base;
  for (let count = 2; taken.has(name); count += 1) name = `${base} (${count})`;
  return name;
}

function languageName(language: string, unknown: string): string {
  if (language === "und") return unknown;
  return new Intl.DisplayNames([language, "en"], { type: "language", fallback: "code" }).of(language) ?? language;
}
