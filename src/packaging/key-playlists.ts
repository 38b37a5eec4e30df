import { rebaseMedia } from "./rebase-hls.ts";

/** What follows a key in the names of its playlists: HLS of version 3, of version 4, and the I-frames of the latter. */
export const KEY_SUFFIXES = [".m3u8", "_v4.m3u8", "_iframe.m3u8"] as const;

/** Where the playlists of keys come from. */
export interface KeyedTexts {
  /** Playlists by their names inside the revision. */
  readonly texts: ReadonlyMap<string, string>;
  /** What leads there. */
  readonly base: string;
}

/**
 * The playlists of every key as they lie at the asset, by their names there: those that its stream has inside the revision.
 * Pure. Throws OutputError for a text that is no playlist, or leads elsewhere.
 */
export const keyPlaylists = (keys: Readonly<Record<string, string>>, { texts, base }: KeyedTexts): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(keys).flatMap(([key, stream]) =>
      KEY_SUFFIXES.flatMap((suffix) => {
        const text = texts.get(stream + suffix);
        return text === undefined ? [] : [[key + suffix, rebaseMedia(text, { name: stream + suffix, base })] as const];
      }),
    ),
  );
