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
  const seen = new Set<string>();
  return tracks.map(({ title, language }) => {
    const base = title ?? languageName(language, unknown);
    let name = base;
    for (let count = 2; seen.has(name); count += 1) name = `${base} (${count})`;
    seen.add(name);
    return name;
  });
}

function languageName(language: string, unknown: string): string {
  if (language === "und") return unknown;
  return new Intl.DisplayNames([language, "en"], { type: "language", fallback: "code" }).of(language) ?? language;
}
