import { OutputError } from "../../domain/errors.ts";
import { nameOfUri } from "../../packaging/own-uri.ts";
import { readMediaPlaylist } from "../../packaging/read-playlist.ts";
import { BASE_NAME } from "./compile.ts";

/** What lies in the destination of a job, by name inside the revision. */
export interface Destination {
  readonly sizes: ReadonlyMap<string, number>;
  /** The playlists, by name; what was not there is missing. */
  readonly texts: ReadonlyMap<string, string>;
}

/** The objects of one CMAF rendition, by name inside the revision. */
export interface CollectedRendition {
  readonly id: string;
  readonly init: string;
  /** In order; at least one. */
  readonly segments: readonly string[];
}

/** A rendition, and the media playlist that the service wrote for it. */
export interface NamedPlaylist {
  readonly id: string;
  readonly playlist: string;
}

/** Whether the service wrote an object of this name: everything it writes begins with the base name, and nothing of ours does. */
export const isOfService = (name: string): boolean => name.startsWith(BASE_NAME);

/** The playlist above those of the renditions. */
export const MULTIVARIANT = `${BASE_NAME}.m3u8`;

/** The media playlist of a rendition: the service names it after base name and name modifier. */
export const playlistName = (id: string): string => `${BASE_NAME}_${id}.m3u8`;

/**
 * Which objects make up each rendition, as its own playlist says: neither events nor GetJob name them all. Pure. Throws
 * OutputError output_incomplete unless every playlist is there, is ended, and names objects that are there.
 */
export function collectRenditions(renditions: readonly NamedPlaylist[], destination: Destination): readonly CollectedRendition[] {
  return renditions.map((rendition) => collect(rendition, destination));
}

function collect({ id, playlist: name }: NamedPlaylist, { sizes, texts }: Destination): CollectedRendition {
  const text = texts.get(name);
  if (text === undefined) throw incomplete(`${name} is missing`);
  const playlist = readMediaPlaylist(text);
  if (!playlist?.isEnded) throw incomplete(`${name} is no whole playlist`);
  const objectOf = (uri: string): string => {
    const object = nameOfUri(uri, name);
    if (object === undefined || !isOfService(object)) throw incomplete(`${name} names ${uri}, which is not in the revision`);
    if ((sizes.get(object) ?? 0) === 0) throw incomplete(`${object} is missing or empty`);
    return object;
  };
  const { map, segments } = playlist;
  if (map === undefined || segments.length === 0) throw incomplete(`${name} names no ${map === undefined ? "init section" : "segment"}`);
  if (segments.some(({ range }) => range)) throw incomplete(`${name} has byte ranges instead of segments`);
  const objects = segments.map(({ uri }) => objectOf(uri));
  if (new Set(objects).size < objects.length) throw incomplete(`${name} names a segment twice`);
  return { id, init: objectOf(map), segments: objects };
}

const incomplete = (message: string): OutputError => new OutputError("output_incomplete", `mediaconvert: ${message}`);
