import { OutputError } from "../../domain/errors.ts";
import { nameOfUri } from "../../packaging/own-uri.ts";
import type { MediaPlaylist, PlaylistSegment } from "../../packaging/read-playlist.ts";
import { readMediaPlaylist } from "../../packaging/read-playlist.ts";

/** The manifests of a job, by name inside the revision: their names are ours, the extensions the service's. */
export const MANIFESTS = { hls: "index-hls.m3u8", dash: "index-dash.mpd" } as const;

/** What lies in the destination of a job, by name inside the revision. */
export interface Destination {
  readonly sizes: ReadonlyMap<string, number>;
  /** The media playlists. */
  readonly texts: ReadonlyMap<string, string>;
}

/** What the outputs are held to. */
export interface Expected {
  readonly durationSeconds: number;
  /** The media playlists of the pictures, whose segments must begin together. */
  readonly pictures: readonly string[];
  /** Those of sound, which is cut at its own frames. */
  readonly sounds: readonly string[];
  /** Playlists and files of which only that they are there is asked. */
  readonly others: readonly string[];
}

/** Presets have frame rates of their own: so far apart may two pictures begin a segment. */
const ALIGNED_SECONDS = 0.1;
/** The service may keep or drop what of sound and picture has no counterpart. */
const DURATION_SECONDS = 0.5;

/**
 * Holds what the service wrote against what was asked for: every object there and as long as its playlist says, every rendition
 * as long as the source, pictures cut together (RELIABILITY.md R-X9). Pure. Throws OutputError output_incomplete or
 * output_misaligned.
 */
export function verifyOutputs({ durationSeconds, pictures, sounds, others }: Expected, destination: Destination): void {
  for (const name of others) sizeOf(name, destination);
  const starts = [...pictures, ...sounds].map((name) => {
    const segments = segmentsOf(name, destination);
    const seconds = segments.reduce((total, segment) => total + segment.seconds, 0);
    if (Math.abs(seconds - durationSeconds) > DURATION_SECONDS)
      throw incomplete(`${name} lasts ${seconds.toFixed(3)} s, not ${durationSeconds.toFixed(3)} s`);
    return { name, startSeconds: startsOf(segments) };
  });
  const [first, ...rest] = starts.slice(0, pictures.length);
  for (const { name, startSeconds } of rest)
    if (!first || !isAligned(first.startSeconds, startSeconds))
      throw new OutputError("output_misaligned", `elastic-transcoder: ${name} is not cut like ${first?.name ?? "the others"}`);
}

function segmentsOf(name: string, { sizes, texts }: Destination): readonly PlaylistSegment[] {
  const playlist = readMediaPlaylist(texts.get(name) ?? "");
  if (!playlist?.isEnded || playlist.segments.length === 0) throw incomplete(`${name} is missing, or no whole playlist`);
  requireFiles(name, playlist, sizes);
  return playlist.segments;
}

/** Ranges follow each other to the end of their file; a file without is whole. */
function requireFiles(name: string, { segments }: MediaPlaylist, sizes: ReadonlyMap<string, number>): void {
  const ends = new Map<string, number>();
  for (const { uri, range } of segments) {
    const object = nameOfUri(uri, name);
    if (object === undefined) throw incomplete(`${name} leads out of the revision: ${uri}`);
    const size = sizeOf(object, { sizes });
    const at = ends.get(object) ?? 0;
    if (range ? range.offset !== at : at > 0) throw incomplete(`${name} does not go through ${object} from its beginning`);
    ends.set(object, range ? at + range.bytes : size);
  }
  for (const [object, end] of ends)
    if (end !== sizes.get(object)) throw incomplete(`${object} has ${sizes.get(object)} bytes, and ${name} says ${end}`);
}

function sizeOf(name: string, { sizes }: Pick<Destination, "sizes">): number {
  const size = sizes.get(name) ?? 0;
  if (size === 0) throw incomplete(`${name} is missing or empty`);
  return size;
}

function startsOf(segments: readonly PlaylistSegment[]): readonly number[] {
  let at = 0;
  return segments.map(({ seconds }) => {
    const start = at;
    at += seconds;
    return start;
  });
}

const isAligned = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((start, index) => Math.abs(start - (b[index] ?? Infinity)) <= ALIGNED_SECONDS);

const incomplete = (message: string): OutputError => new OutputError("output_incomplete", `elastic-transcoder: ${message}`);
